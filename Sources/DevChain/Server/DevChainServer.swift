public import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOWebSocket
public import ServiceLifecycle
import Substrate

/// A simulated Hypertensor node on a loopback port: JSON-RPC over WebSocket and HTTP, like a published one.
///
/// ```swift
/// var configuration = DevChainConfiguration()
/// configuration.blockTime = .every(.milliseconds(200))
/// let server = try await DevChainServer.start(configuration, logger: logger)
/// print(server.webSocketURL)
/// try await server.run()   // until graceful shutdown or cancellation
/// ```
public final class DevChainServer: Service, Sendable {
  /// Where it listens.
  public let port: Int
  private let loop: NodeLoop
  private let channel: any Channel
  private let logger: Logger

  public var webSocketURL: String { "ws://127.0.0.1:\(port)" }
  public var httpURL: String { "http://127.0.0.1:\(port)" }

  private init(_ loop: NodeLoop, _ channel: any Channel, port: Int, logger: Logger) {
    self.loop = loop
    self.channel = channel
    self.port = port
    self.logger = logger
  }

  /// Makes the chain and listens; from now on blocks are made.
  ///
  /// - Throws: ``DevChainFailure`` for a genesis or a snapshot that can't be used, or a port that is taken.
  public static func start(_ configuration: DevChainConfiguration, logger: Logger) async throws -> DevChainServer {
    let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
    let loop = NodeLoop(
      DevChainNode(try configuration.makeChain(), name: configuration.name, faults: configuration.faults),
      blockTime: configuration.blockTime, eventLoop: eventLoop, logger: logger)
    let channel: any Channel
    do {
      channel = try await ServerBootstrap(group: eventLoop)
        .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
        .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
        .childChannelOption(
          .writeBufferWaterMark, value: .init(low: NodeLoop.backlogLimit / 2, high: NodeLoop.backlogLimit)
        )
        .childChannelInitializer { channel in
          channel.eventLoop.makeCompletedFuture { try configure(channel, loop) }
        }
        .bind(host: "127.0.0.1", port: configuration.port).get()
    } catch {
      throw DevChainFailure(
        .listen, "port \(configuration.port) of 127.0.0.1 can't be listened on: \(error)",
        remedy: "Choose another port; 0 takes any free one.")
    }
    if !configuration.isPaused { try await eventLoop.submit { loop.start() }.get() }
    let server = DevChainServer(loop, channel, port: channel.localAddress?.port ?? 0, logger: logger)
    logger.debug("the simulated chain is up", metadata: ["url": "\(server.webSocketURL)"])
    return server
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

  /// Serves until graceful shutdown or cancellation.
  public func run() async throws {
    await cancelWhenGracefulShutdown {
      // Whatever wakes it, it is time to go.
      while !Task.isCancelled { try? await Task.sleep(for: .seconds(3600)) }
    }
    await stop()
  }

  /// Closes the port and all connections. May be called twice.
  public func stop() async {
    try? await channel.close()
    try? await loop.eventLoop.submit { [loop] in loop.stop() }.get()
  }

  // MARK: By hand

  /// Lets time run on a chain that was started with ``DevChainConfiguration/isPaused``. Only the first call counts.
  public func resume() async throws {
    try await loop.eventLoop.submit { [loop] in loop.start() }.get()
  }

  /// Makes blocks at once, whatever the block time.
  public func makeBlocks(_ count: Int = 1) async throws {
    try await loop.eventLoop.submit { [loop] in
      for _ in 0..<count { loop.makeBlock() }
    }.get()
  }

  /// Takes blocks back that are not final yet, as if another fork had won.
  public func retractBlocks(_ count: Int) async throws {
    try await loop.eventLoop.submit { [loop] in loop.retract(count) }.get()
  }

  public func setFaults(_ faults: Faults) async throws {
    try await loop.eventLoop.submit { [loop] in loop.setFaults(faults) }.get()
  }

  /// Closes every connection, and keeps listening.
  public func dropConnections() async throws {
    try await loop.eventLoop.submit { [loop] in loop.dropClients() }.get()
  }

  /// The newest state as JSON, to go on from in another run.
  public func snapshot() async throws -> [UInt8] {
    try await loop.eventLoop.submit { [loop] in Snapshot(loop.node.chain).json.encoded() }.get()
  }
}
