import LibP2P
import Logging
import Protocols
import ServiceLifecycle
import Substrate
import Synchronization

/// A daemon's wait for the chain when it starts: with the machine, or with the node that it asks, it may be there first.
///
/// Nothing of it shows as long as an endpoint answers at once. Otherwise the log tells it, and `/readyz` does.
struct ChainWait {
  /// How long an answer may take until the wait is told.
  private static let notice = Duration.seconds(2)

  private let configuration: DaemonConfiguration
  private let role: NodeRole
  private let ownPeer: PeerID
  private let logger: Logger

  init(_ configuration: DaemonConfiguration, role: NodeRole, ownPeer: PeerID, logger: Logger) {
    self.configuration = configuration
    self.role = role
    self.ownPeer = ownPeer
    self.logger = logger
  }

  /// Waits as long as `chain.wait` says.
  ///
  /// - Returns: nil if the daemon was told to stop meanwhile.
  /// - Throws: ``RPCError`` if no endpoint answers in time; at once, ``RPCError`` and ``ChainError`` for endpoints of
  ///   another chain.
  func chain() async throws -> DaemonChain? {
    let search = Search(configuration, ownPeer: ownPeer, logger: logger)
    let health = HealthBoard()
    health.add("chain") { .waiting("no endpoint answers: \(search.failure?.message ?? "none was reached yet")") }
    let operations = OperationsServer(
      configuration.node.operations, health: health, metrics: .shared, role: role.rawValue, logger: logger)
    var quiet = logger
    quiet.logLevel = max(logger.logLevel, .error)
    try await ServiceGroup(
      configuration: ServiceGroupConfiguration(
        services: [
          .init(service: Telling(operations: operations, limit: configuration.chain.wait, logger: logger)),
          .init(service: search, successTerminationBehavior: .gracefullyShutdownGroup),
        ], gracefulShutdownSignals: [.sigterm, .sigint], logger: quiet)
    ).run()
    return search.found
  }

  /// Serves what operators look at, once the wait is worth telling.
  private struct Telling: Service {
    let operations: OperationsServer
    let limit: Duration
    let logger: Logger

    func run() async throws {
      try? await cancelWhenGracefulShutdown { try await Task.sleep(for: ChainWait.notice) }
      guard !Task.isCancelled, !Task.isShuttingDownGracefully else { return }
      async let told: Void = tell()
      // Cancelled, as draining would take a moment in which nobody heeds signals.
      do {
        try await cancelWhenGracefulShutdown { try await operations.run() }
      } catch  where Task.isShuttingDownGracefully {}
      await told
    }

    private func tell() async {
      let url = try? await operations.url()
      logger.warning(
        "no endpoint of the chain answers; the daemon waits",
        metadata: ["limit": "\(limit)", "operations": "\(url ?? "")"])
    }
  }

  /// Tries until an endpoint answers.
  private final class Search: Service {
    private struct State {
      var found: DaemonChain?
      var failure: Substrate.RPCError?
    }

    private let configuration: DaemonConfiguration
    private let ownPeer: PeerID
    private let logger: Logger
    private let state = Mutex(State())

    init(_ configuration: DaemonConfiguration, ownPeer: PeerID, logger: Logger) {
      self.configuration = configuration
      self.ownPeer = ownPeer
      self.logger = logger
    }

    var found: DaemonChain? { state.withLock(\.found) }
    /// Why the last attempt failed.
    var failure: Substrate.RPCError? { state.withLock(\.failure) }

    func run() async throws {
      do {
        let chain = try await cancelWhenGracefulShutdown { [self] in
          try await DaemonChain.connect(
            configuration.chain, cache: "\(configuration.node.data)/metadata", ownPeer: ownPeer
          ) { failure in
            state.withLock { $0.failure = failure }
            logger.info("the chain can't be reached yet: \(failure)")
          }
        }
        // It may have been found just as the daemon was told to stop.
        guard !Task.isShuttingDownGracefully else { return await chain.close() }
        state.withLock { $0.found = chain }
      } catch  where Task.isShuttingDownGracefully || error is CancellationError {
        // Told to stop, which is no failure.
      }
    }
  }
}
