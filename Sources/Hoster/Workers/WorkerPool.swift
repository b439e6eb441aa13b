public import Logging
public import ServiceLifecycle
import Synchronization

/// The workers of one protocol: each is kept at work by its supervisor, and requests go to those that are ready.
///
/// Run it as a service.
public struct WorkerPool: Service {
  /// How many there are, and how requests are spread.
  public struct Configuration: Sendable {
    public var workers = 1
    /// Whether all that are ready share the requests. Otherwise the first of them gets all, and the others stand by.
    public var isBalanced = true
    public var policy = WorkerPolicy()

    public init() {}
  }

  private let supervisors: [WorkerSupervisor]
  private let isBalanced: Bool

  /// - Parameters:
  ///   - guardian: the program that guards them.
  ///   - control: the node's control socket, as a multiaddr.
  public init(
    _ command: WorkerCommand, _ configuration: Configuration = Configuration(),
    guardian: WorkerGuardian = .ownProgram, control: String, logger: Logger = Logger(label: "hoster.worker")
  ) {
    supervisors = (0..<max(1, configuration.workers)).map {
      WorkerSupervisor(
        command, index: $0, guardian: guardian, control: control, policy: configuration.policy, logger: logger)
    }
    isBalanced = configuration.isBalanced
  }

  /// How each worker is.
  public var status: [WorkerStatus] { supervisors.map(\.status) }

  /// Runs all workers until they are told to stop; see ``WorkerSupervisor/run()``.
  public func run() async {
    await withTaskGroup { group in
      for supervisor in supervisors { group.addTask { await supervisor.run() } }
    }
  }

  /// Runs all workers beside the caller, which does not wait for them, until ``shutdown()``.
  public func runInBackground() async {
    for supervisor in supervisors { try? await supervisor.runInBackground(awaitReady: false) }
  }

  /// Waits until all workers are ready.
  ///
  /// - Throws: as ``WorkerSupervisor/awaitReady(timeout:)``, for the first that fails.
  public func awaitReady(timeout: Duration? = nil) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for supervisor in supervisors { group.addTask { try await supervisor.awaitReady(timeout: timeout) } }
      try await group.waitForAll()
    }
  }

  /// Stops all workers; see ``WorkerSupervisor/shutdown()``.
  public func shutdown() async {
    await withTaskGroup { group in
      for supervisor in supervisors { group.addTask { await supervisor.shutdown() } }
    }
  }

  /// A worker for one request: of those that are ready the one with the fewest; nil if none is.
  func lease() -> WorkerLease? {
    // One that has stopped being ready meanwhile gives no lease: then the next best does.
    let open = supervisors.compactMap { supervisor in supervisor.slot.load.map { (slot: supervisor.slot, load: $0) } }
    let ranked = isBalanced ? open.sorted { $0.load < $1.load } : open
    for candidate in ranked {
      if let lease = candidate.slot.lease() { return lease }
    }
    return nil
  }
}
