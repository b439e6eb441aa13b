import Foundation
import Logging
import Metrics
import Synchronization
import Testing

@testable import validatord

@Suite("Metrics")
struct MetricsTests {
  @Test("Counters, gauges and timers come out in Prometheus' text format")
  func text() {
    let registry = MetricsRegistry()
    Counter(label: "api_calls_total", dimensions: [("version", "1"), ("outcome", "a\"b\\c\nd")], factory: registry)
      .increment(by: 3)
    let gauge = Gauge(label: "epoch_number", factory: registry)
    gauge.record(41)
    gauge.record(42)
    let timer = Metrics.Timer(label: "api_call_seconds", factory: registry)
    timer.recordMilliseconds(3)
    timer.recordSeconds(100)
    let text = registry.text(with: [(name: "validatord_part_ready", labels: [("part", "chain")], value: 1)])
    for line in [
      "# TYPE api_calls_total counter", #"api_calls_total{outcome="a\"b\\c\nd",version="1"} 3"#,
      "# HELP epoch_number The subnet's epoch.", "# TYPE epoch_number gauge", "epoch_number 42",
      "# TYPE api_call_seconds histogram", #"api_call_seconds_bucket{le="0.001"} 0"#,
      #"api_call_seconds_bucket{le="0.005"} 1"#, #"api_call_seconds_bucket{le="60"} 1"#,
      #"api_call_seconds_bucket{le="+Inf"} 2"#, "api_call_seconds_sum 100.003", "api_call_seconds_count 2",
      #"validatord_part_ready{part="chain"} 1"#, "validatord_series_dropped_total 0",
    ] { #expect(text.split(separator: "\n").contains(Substring(line)), "\(line) in \(text)") }
  }

  @Test("A label that grows without end costs a bounded number of series")
  func cardinality() {
    let registry = MetricsRegistry()
    for number in 0..<10_000 {
      Counter(label: "grows_total", dimensions: [("who", "\(number)")], factory: registry).increment()
      Counter(label: "grows_\(number)", factory: registry).increment()
    }
    let lines = registry.text().split(separator: "\n")
    #expect(lines.count { $0.hasPrefix("grows_total{") } == MetricsRegistry.maximumSeries)
    #expect(lines.count < 3 * (MetricsRegistry.maximumSeries + MetricsRegistry.maximumMetrics))
    let dropped = 20_000 - MetricsRegistry.maximumSeries - (MetricsRegistry.maximumMetrics - 1)
    #expect(lines.contains("validatord_series_dropped_total \(dropped)"))
  }

  @Test("Every metric that the sources name is in the catalog, and docs/metrics.md is what the catalog says")
  func catalog() async throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    let files = try #require(
      FileManager.default.enumerator(at: root.appending(path: "Sources"), includingPropertiesForKeys: nil))
    var named: Set<String> = []
    let pattern = #/(?:Counter|Gauge|Timer|Meter|Recorder)\(\s*label: "([a-z0-9_]+)"/#
    for case let file as URL in files where file.pathExtension == "swift" {
      let text = try String(contentsOf: file, encoding: .utf8)
      named.formUnion(text.matches(of: pattern).map { String($0.1) })
    }
    #expect(named.count >= 20)
    let known = Set(MetricsCatalog.all.map(\.name))
    #expect(named.subtracting(known).sorted() == [])
    #expect(MetricsCatalog.all.count == known.count)
    let result = try await Program.run(["config", "reference", "metrics"])
    #expect(try String(contentsOf: root.appending(path: "docs/metrics.md"), encoding: .utf8) == result.output)
  }

  @Test("JSON log lines are one object each, whatever they hold")
  func logging() throws {
    let written = Mutex<[String]>([])
    var logger = Logger(label: "test") { label in
      JSONLogHandler(label: label) { line in written.withLock { $0.append(line) } }
    }
    logger[metadataKey: "peer"] = "x\ny"
    struct Line: Decodable {
      var time: String
      var level: String
      var label: String
      var message: String
      var metadata: [String: String]
    }
    logger.warning("a \"line\"\nof two", metadata: ["count": "3"])
    logger.debug("not at this level")
    let lines = written.withLock { $0 }
    #expect(lines.count == 1)
    let text = try #require(lines.first)
    #expect(!text.contains("\n"))
    let line = try JSONDecoder().decode(Line.self, from: Data(text.utf8))
    #expect(line.level == "warning" && line.label == "test" && line.message == "a \"line\"\nof two")
    #expect(line.metadata == ["peer": "x\ny", "count": "3"])
  }
}
