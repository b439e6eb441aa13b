import Metrics

/// What a server counts.
struct InferenceMetrics: Sendable {
  /// How a request ended.
  enum Outcome: String, CaseIterable {
    case answered, failed, cancelled, refused
  }

  private let outcomes: [Outcome: Counter]
  private let tokens = Counter(label: "hoster_inference_tokens_total")
  private let waiting = Gauge(label: "hoster_inference_waiting")
  private let running = Gauge(label: "hoster_inference_running")

  init() {
    outcomes = Dictionary(
      uniqueKeysWithValues: Outcome.allCases.map {
        ($0, Counter(label: "hoster_inference_requests_total", dimensions: [("outcome", $0.rawValue)]))
      })
  }

  func count(_ outcome: Outcome) { outcomes[outcome]?.increment() }
  func countToken() { tokens.increment() }

  func record(_ queue: InferenceQueue) {
    waiting.record(queue.waiting)
    running.record(queue.running)
  }
}
