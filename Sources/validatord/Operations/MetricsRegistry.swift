import CoreMetrics
import Synchronization

/// Keeps what the libraries count, and tells it in Prometheus' text format.
///
/// Its size is bounded: what comes beyond ``maximumSeries`` of one metric, or ``maximumMetrics`` in all, is counted as
/// dropped and kept by nobody.
final class MetricsRegistry: MetricsFactory {
  /// Combinations of label values that one metric may have.
  static let maximumSeries = 256
  /// Metrics in all.
  static let maximumMetrics = 512
  /// The most characters of a label's value.
  static let longestValue = 128

  private struct State {
    var families: [String: [SeriesKey: MetricSeries]] = [:]
    var dropped: Int64 = 0
  }

  private let state = Mutex(State())

  /// The one of the process, set up by ``DaemonProcess``.
  static let shared = MetricsRegistry()

  // MARK: Keeping

  func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
    series(label, dimensions) { MetricSeries(.counter) }
  }

  func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
    series(label, dimensions) { MetricSeries(aggregate ? .histogram : .gauge) }
  }

  func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
    series(label, dimensions) { MetricSeries(.histogram) }
  }

  /// Series stay: what was counted does not go away when somebody stops counting.
  func destroyCounter(_ handler: any CounterHandler) {}
  func destroyRecorder(_ handler: any RecorderHandler) {}
  func destroyTimer(_ handler: any TimerHandler) {}

  private func series(
    _ label: String, _ dimensions: [(String, String)], _ make: () -> MetricSeries
  ) -> MetricSeries {
    let key = SeriesKey(dimensions)
    return state.withLock { state in
      let family = state.families[label] ?? [:]
      if let kept = family[key] { return kept }
      let made = make()
      guard family.count < Self.maximumSeries, !family.isEmpty || state.families.count < Self.maximumMetrics else {
        state.dropped += 1
        return made
      }
      // One metric has one kind, whatever else is asked for under its name.
      guard family.values.first.map({ $0.kind == made.kind }) ?? true else { return made }
      state.families[label, default: [:]][key] = made
      return made
    }
  }

  // MARK: Telling

  /// Everything in Prometheus' text format 0.0.4.
  ///
  /// - Parameter more: lines of metrics that nobody counts, by name and labels.
  func text(with more: [(name: String, labels: [(String, String)], value: Double)] = []) -> String {
    let (families, dropped) = state.withLock { ($0.families, $0.dropped) }
    var own: [String: [String]] = [:]
    for line in more + [("validatord_series_dropped_total", [], Double(dropped))] {
      own[line.name, default: []].append(
        "\(line.name)\(SeriesKey(line.labels).text) \(MetricSeries.number(line.value))\n")
    }
    var text = ""
    for name in Set(families.keys).union(own.keys).sorted() {
      let known = MetricsCatalog.all.first { $0.name == name }
      if let known { text += "# HELP \(name) \(known.meaning)\n" }
      if let lines = own[name] {
        text += "# TYPE \(name) \(known?.kind.rawValue ?? "gauge")\n" + lines.joined()
        continue
      }
      let series = (families[name] ?? [:]).sorted { $0.key.text < $1.key.text }
      text += "# TYPE \(name) \((series.first?.value.kind ?? .gauge).rawValue)\n"
      for (key, series) in series { text += series.lines(name, key) }
    }
    return text
  }
}

/// The labels of a series.
struct SeriesKey: Sendable, Hashable {
  private let pairs: [String]

  init(_ dimensions: [(String, String)]) {
    pairs = dimensions.map { name, value in
      let shown = value.prefix(MetricsRegistry.longestValue).flatMap { character -> String in
        switch character {
        case "\\": "\\\\"
        case "\"": "\\\""
        case "\n", "\r\n": "\\n"
        default: String(character)
        }
      }
      return "\(name)=\"\(String(shown))\""
    }.sorted()
  }

  /// `{a="1",b="2"}`; empty without labels.
  var text: String { pairs.isEmpty ? "" : "{\(pairs.joined(separator: ","))}" }

  /// With one more label behind the others.
  func text(adding name: String, _ value: String) -> String {
    "{\((pairs + ["\(name)=\"\(value)\""]).joined(separator: ","))}"
  }
}
