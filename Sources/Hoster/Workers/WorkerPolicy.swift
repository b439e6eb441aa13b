/// How long a worker may take for what, and how it is started again.
public struct WorkerPolicy: Sendable, Hashable {
  /// Until it is ready: a large model takes minutes to load.
  public var startTimeout = Duration.seconds(600)
  /// From the request to stop until it is killed.
  public var shutdownTimeout = Duration.seconds(3)
  /// Before the first start after a failure; twice as long each time …
  public var firstDelay = Duration.milliseconds(500)
  /// … but no longer than this.
  public var maximumDelay = Duration.seconds(60)
  /// How long it has to be ready for its earlier failures to be forgotten.
  public var stableAfter = Duration.seconds(60)
  /// Failures in a row from which on the worker counts as degraded. It is still started again, at the longest delay.
  public var failuresUntilDegraded = 5
  /// How long a request may wait for its next token. A worker that brings no token of any request for so long is hung.
  public var stallTimeout = Duration.seconds(120)

  public init() {}

  /// The time from the failure to the next start.
  func delay(afterFailures failures: Int) -> Duration {
    guard failures < failuresUntilDegraded else { return maximumDelay }
    return min(maximumDelay, firstDelay * (1 << min(max(failures - 1, 0), 20)))
  }
}
