import CoreMetrics
import Synchronization

/// One series of a metric: its labels' values are fixed, its value changes.
final class MetricSeries: CounterHandler, RecorderHandler, TimerHandler {
  /// Upper bounds of a histogram's buckets, in seconds.
  private static let bounds: [Double] = [0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

  private struct State {
    var count: Int64 = 0
    var value = 0.0
    var buckets = [Int64](repeating: 0, count: bounds.count)
  }

  let kind: MetricsCatalog.Metric.Kind
  private let state = Mutex(State())

  init(_ kind: MetricsCatalog.Metric.Kind) { self.kind = kind }

  func increment(by amount: Int64) {
    state.withLock { state in
      let (sum, isTooMuch) = state.count.addingReportingOverflow(amount)
      state.count = isTooMuch ? .max : sum
    }
  }

  func reset() { state.withLock { $0.count = 0 } }

  func record(_ value: Int64) { record(Double(value)) }

  func record(_ value: Double) {
    state.withLock { state in
      guard kind == .histogram else {
        state.value = value
        return
      }
      state.count += 1
      state.value += value
      if let bucket = Self.bounds.firstIndex(where: { value <= $0 }) { state.buckets[bucket] += 1 }
    }
  }

  func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }

  /// The series' lines in Prometheus' text format.
  func lines(_ name: String, _ key: SeriesKey) -> String {
    let state = state.withLock { $0 }
    switch kind {
    case .counter: return "\(name)\(key.text) \(state.count)\n"
    case .gauge: return "\(name)\(key.text) \(Self.number(state.value))\n"
    case .histogram:
      var text = ""
      var below: Int64 = 0
      for (bound, count) in zip(Self.bounds, state.buckets) {
        below += count
        text += "\(name)_bucket\(key.text(adding: "le", Self.number(bound))) \(below)\n"
      }
      text += "\(name)_bucket\(key.text(adding: "le", "+Inf")) \(state.count)\n"
      return text + "\(name)_sum\(key.text) \(Self.number(state.value))\n\(name)_count\(key.text) \(state.count)\n"
    }
  }

  /// A number as Prometheus reads it: whole ones without a fraction.
  static func number(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
    return Int64(exactly: value).map { "\($0)" } ?? "\(value)"
  }
}
