import Metrics

/// What is counted of a worker.
struct WorkerMetrics: Sendable {
  private let ready: Gauge
  private let degraded: Gauge
  private let starts: Counter
  private let index: Int

  /// - Parameter index: which worker it is.
  init(index: Int) {
    self.index = index
    let dimensions = [("worker", "\(index)")]
    ready = Gauge(label: "hoster_worker_ready", dimensions: dimensions)
    degraded = Gauge(label: "hoster_worker_degraded", dimensions: dimensions)
    starts = Counter(label: "hoster_worker_starts_total", dimensions: dimensions)
  }

  func record(_ phase: WorkerStatus.Phase, isDegraded: Bool) {
    ready.record(phase == .ready ? 1 : 0)
    degraded.record(isDegraded ? 1 : 0)
  }

  func countStart() { starts.increment() }

  func countFailure(_ error: WorkerError) {
    Counter(
      label: "hoster_worker_failures_total", dimensions: [("code", error.code), ("worker", "\(index)")]
    ).increment()
  }
}
