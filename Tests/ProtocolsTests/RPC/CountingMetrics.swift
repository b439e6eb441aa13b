import CoreMetrics
import Synchronization

/// Keeps what is counted, by label and dimensions.
final class CountingMetrics: MetricsFactory {
  private final class Handler: CounterHandler {
    let count: @Sendable (Int64) -> Void
    init(_ count: @escaping @Sendable (Int64) -> Void) { self.count = count }
    func increment(by amount: Int64) { count(amount) }
    func reset() {}
  }

  private let counts = Mutex<[String: Int64]>([:])

  /// What was counted under `label{code}`.
  subscript(label: String, code: String) -> Int64 { counts.withLock { $0["\(label){\(code)}", default: 0] } }

  func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
    let code = dimensions.first { $0.0 == "code" }?.1 ?? ""
    return Handler { amount in self.counts.withLock { $0["\(label){\(code)}", default: 0] += amount } }
  }

  func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
    NOOPMetricsHandler.instance
  }

  func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler { NOOPMetricsHandler.instance }
  func destroyCounter(_ handler: any CounterHandler) {}
  func destroyRecorder(_ handler: any RecorderHandler) {}
  func destroyTimer(_ handler: any TimerHandler) {}
}
