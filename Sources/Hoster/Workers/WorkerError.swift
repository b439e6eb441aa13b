/// Why a worker is not at work.
public struct WorkerError: HosterError, Hashable {
  /// The kinds of failure; the raw value is the stable code.
  public enum Code: String, Sendable, CaseIterable {
    /// Its program can't be started at all.
    case spawn = "worker.spawn"
    /// It said why it can't begin.
    case startUp = "worker.start-up"
    /// It was not ready in time.
    case startTimeout = "worker.start-timeout"
    /// It ended by itself, or something killed it.
    case exited = "worker.exited"
    /// It takes requests and brings nothing.
    case hung = "worker.hung"
    /// It is not ready after the time that somebody would wait for it.
    case notReady = "worker.not-ready"
    /// It was told to stop.
    case stopped = "worker.stopped"
    /// This process is no worker of a node.
    case uninvited = "worker.uninvited"
  }

  /// Which failure it is.
  public let kind: Code
  public let message: String
  private let ownRemedy: String?

  init(_ kind: Code, _ message: String, remedy: String? = nil) {
    self.kind = kind
    self.message = message
    ownRemedy = remedy
  }

  public var code: String { kind.rawValue }

  public var remedy: String {
    if let ownRemedy { return ownRemedy }
    return switch kind {
    case .spawn: "Check the path and the permissions of the worker's program"
    case .startUp, .exited: "See what the worker wrote before it ended; the daemon has it in its log"
    case .startTimeout: "Allow more time, or see in the log what it is doing"
    case .hung: "See the log of the worker; it is started again"
    case .notReady: "Wait longer, or see the log"
    case .stopped: "Start the node again"
    case .uninvited: "Workers are started by the node, from its configuration"
    }
  }
}
