import NIOCore
import NIOPosix
import Synchronization

/// Stands between a client and a server on loopback and breaks the line as a test wants.
final class TCPProxy: Sendable {
  enum Mode: Sendable, Equatable {
    case pass
    /// Bytes arrive later.
    case delay(Duration)
    /// Connections stay open, but nothing passes.
    case silence
    /// New connections are closed at once.
    case refuse
  }

  enum Transport: String, CaseIterable, Sendable {
    case webSocket = "ws"
    case http
  }

  private struct State {
    var mode = Mode.pass
    var channels: [ObjectIdentifier: any Channel] = [:]
  }

  private final class Shared: Sendable {
    let value = Mutex(State())
  }

  private let shared: Shared
  private let server: any Channel

  private init(shared: Shared, server: any Channel) {
    self.shared = shared
    self.server = server
  }

  static func start(to port: Int) async throws -> TCPProxy {
    let shared = Shared()
    let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      // Reading starts when the other side is connected.
      .childChannelOption(.autoRead, value: false)
      .childChannelInitializer { channel in
        guard shared.value.withLock({ $0.mode }) != .refuse else {
          return channel.eventLoop.makeFailedFuture(ChannelError.eof)
        }
        return connect(channel, to: port, shared)
      }
      .bind(host: "127.0.0.1", port: 0).get()
    return TCPProxy(shared: shared, server: server)
  }

  private static func connect(_ client: any Channel, to port: Int, _ shared: Shared) -> EventLoopFuture<Void> {
    ClientBootstrap(group: client.eventLoop)
      .channelOption(.autoRead, value: false)
      .connect(host: "127.0.0.1", port: port)
      .flatMapThrowing { upstream in
        try client.pipeline.syncOperations.addHandler(Relay(to: upstream, shared))
        try upstream.pipeline.syncOperations.addHandler(Relay(to: client, shared))
        shared.value.withLock {
          $0.channels[ObjectIdentifier(client)] = client
          $0.channels[ObjectIdentifier(upstream)] = upstream
        }
        for channel in [client, upstream] {
          channel.setOption(.autoRead, value: true).whenComplete { _ in }
        }
      }
  }

  var port: Int { server.localAddress?.port ?? 0 }

  func url(_ transport: Transport) -> String { "\(transport.rawValue)://127.0.0.1:\(port)/" }

  func set(_ mode: Mode) {
    shared.value.withLock { $0.mode = mode }
  }

  /// Cuts every connection.
  func kill() {
    for channel in shared.value.withLock({ Array($0.channels.values) }) { channel.close(promise: nil) }
  }

  func stop() async {
    try? await server.close()
    kill()
  }

  private final class Relay: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let target: any Channel
    private let shared: Shared

    init(to target: any Channel, _ shared: Shared) {
      self.target = target
      self.shared = shared
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      let bytes = unwrapInboundIn(data)
      switch shared.value.withLock({ $0.mode }) {
      case .pass, .refuse: target.writeAndFlush(bytes, promise: nil)
      case .delay(let delay):
        // One delay for all keeps the order.
        context.eventLoop.scheduleTask(in: TimeAmount(delay)) { [target] in
          target.writeAndFlush(bytes, promise: nil)
        }
      case .silence: break
      }
    }

    func channelInactive(context: ChannelHandlerContext) {
      shared.value.withLock { _ = $0.channels.removeValue(forKey: ObjectIdentifier(context.channel)) }
      target.close(promise: nil)
    }
  }
}
