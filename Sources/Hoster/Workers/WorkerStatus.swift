/// How a worker is, for health and metrics.
public struct WorkerStatus: Sendable, Hashable {
  /// Where it is in its life.
  public enum Phase: String, Sendable, CaseIterable {
    case idle, starting, ready, stopping, waiting, stopped
  }

  /// Which worker it is, from zero on.
  public var index: Int
  public var phase: Phase
  /// Its process group; nil while there is none.
  public var process: Int32?
  /// Failures since it last was ready for long.
  public var failures: Int
  /// How often it was started, in all.
  public var starts: Int
  /// Whether it has failed so often in a row that somebody should look.
  public var isDegraded: Bool
  /// Why it failed last.
  public var lastFailure: WorkerError?
  /// Requests that it computes.
  public var requests = 0
  /// What it said of its model, once it was ready.
  public var model: ModelDescription?
}
