import NIOCore
import NIOHTTP1
import NIOPosix
import NIOWebSocket

/// A port of 127.0.0.1 at which a simulated node is served.
///
/// A node may have several, so that a client can lose an endpoint of a chain that goes on.
public final class DevChainPort: Sendable {
  /// Where it listens.
  public let port: Int
  private let channel: any Channel
  private let clients: NIOLoopBoundBox<[ObjectIdentifier: any Channel]>
  private let eventLoop: any EventLoop

  public var webSocketURL: String { "ws://127.0.0.1:\(port)" }
  public var httpURL: String { "http://127.0.0.1:\(port)" }

  /// - Throws: ``DevChainFailure`` `devchain.listen` for a port that is taken.
  init(_ number: Int, _ loop: NodeLoop) async throws {
    eventLoop = loop.eventLoop
    let clients = NIOLoopBoundBox<[ObjectIdentifier: any Channel]>.makeBoxSendingValue([:], eventLoop: loop.eventLoop)
    self.clients = clients
    do {
      channel = try await ServerBootstrap(group: loop.eventLoop)
        .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
        .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
        .childChannelOption(
          .writeBufferWaterMark, value: .init(low: NodeLoop.backlogLimit / 2, high: NodeLoop.backlogLimit)
        )
        .childChannelInitializer { channel in
          channel.eventLoop.makeCompletedFuture {
            let id = ObjectIdentifier(channel)
            clients.value[id] = channel
            channel.closeFuture.assumeIsolated().whenComplete { _ in clients.value[id] = nil }
            try Self.configure(channel, loop)
          }
        }
        .bind(host: "127.0.0.1", port: number).get()
    } catch {
      throw DevChainFailure(
        .listen, "port \(number) of 127.0.0.1 can't be listened on: \(error)",
        remedy: "Choose another port; 0 takes any free one.")
    }
    port = channel.localAddress?.port ?? 0
  }

  private static func configure(_ channel: any Channel, _ loop: NodeLoop) throws {
    let http = HTTPSide(loop)
    let bound = NIOLoopBound(http, eventLoop: channel.eventLoop)
    let upgrader = NIOWebSocketServerUpgrader(
      maxFrameSize: WebSocketSide.messageLimit,
      shouldUpgrade: { channel, _ in channel.eventLoop.makeSucceededFuture(HTTPHeaders()) },
      upgradePipelineHandler: { channel, _ in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandlers([
            NIOWebSocketFrameAggregator(
              minNonFinalFragmentSize: 1, maxAccumulatedFrameCount: 4096,
              maxAccumulatedFrameSize: WebSocketSide.messageLimit),
            WebSocketSide(loop),
          ])
        }
      })
    try channel.pipeline.syncOperations.configureHTTPServerPipeline(
      withServerUpgrade: (
        upgraders: [upgrader],
        completionHandler: { $0.pipeline.syncOperations.removeHandler(bound.value, promise: nil) }
      ))
    try channel.pipeline.syncOperations.addHandler(http)
  }

  /// Closes the port and its connections; the node and its other ports go on. May be called twice.
  public func close() async {
    try? await channel.close()
    try? await eventLoop.submit { [clients] in
      for client in clients.value.values { client.close(promise: nil) }
    }.get()
  }
}
