import Metrics

/// The counters of one endpoint.
struct EndpointMetrics: Sendable {
  private let calls: Counter
  private let failures: Counter
  private let connects: Counter
  private let latency: Metrics.Timer
  private let bestBlock: Gauge
  private let finalizedBlock: Gauge

  init(endpoint: String) {
    let dimensions = [("endpoint", endpoint)]
    calls = Counter(label: "substrate_rpc_calls_total", dimensions: dimensions)
    failures = Counter(label: "substrate_rpc_failures_total", dimensions: dimensions)
    connects = Counter(label: "substrate_rpc_connects_total", dimensions: dimensions)
    latency = Metrics.Timer(label: "substrate_rpc_call_seconds", dimensions: dimensions)
    bestBlock = Gauge(label: "substrate_rpc_best_block", dimensions: dimensions)
    finalizedBlock = Gauge(label: "substrate_rpc_finalized_block", dimensions: dimensions)
  }

  func connected() { connects.increment() }

  func answered(in time: Duration) {
    calls.increment()
    latency.record(duration: time)
  }

  func failed() {
    calls.increment()
    failures.increment()
  }

  func saw(best: ChainHead) { bestBlock.record(best.number) }
  func saw(finalized: ChainHead) { finalizedBlock.record(finalized.number) }
}
