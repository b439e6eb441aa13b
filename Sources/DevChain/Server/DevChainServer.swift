public import Logging
import NIOPosix
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
  private let first: DevChainPort
  private let loop: NodeLoop
  private let logger: Logger

  /// Where it listens.
  public var port: Int { first.port }
  public var webSocketURL: String { first.webSocketURL }
  public var httpURL: String { first.httpURL }

  private init(_ loop: NodeLoop, _ first: DevChainPort, logger: Logger) {
    self.loop = loop
    self.first = first
    self.logger = logger
  }

  /// Makes the chain and listens; from now on blocks are made.
  ///
  /// - Throws: ``DevChainFailure`` for a genesis or a snapshot that can't be used, or a port that is taken.
  public static func start(_ configuration: DevChainConfiguration, logger: Logger) async throws -> DevChainServer {
    let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
    let loop = NodeLoop(
      DevChainNode(
        try configuration.makeChain(), name: configuration.name, type: configuration.type, faults: configuration.faults),
      blockTime: configuration.blockTime, eventLoop: eventLoop, logger: logger)
    let first = try await DevChainPort(configuration.port, loop)
    if !configuration.isPaused { try await eventLoop.submit { loop.start() }.get() }
    let server = DevChainServer(loop, first, logger: logger)
    logger.debug("the simulated chain is up", metadata: ["url": "\(server.webSocketURL)"])
    return server
  }

  /// Serves the same node at one port more.
  ///
  /// - Parameter port: 0 takes any free one.
  /// - Throws: ``DevChainFailure`` `devchain.listen` for a port that is taken.
  public func listen(port: Int = 0) async throws -> DevChainPort { try await DevChainPort(port, loop) }

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
    await first.close()
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

  /// Upgrades the runtime: the next block is made by one of other parameters.
  public func upgrade(_ parameters: RuntimeParameters) async throws {
    try await loop.eventLoop.submit { [loop] in loop.upgrade(parameters) }.get()
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
