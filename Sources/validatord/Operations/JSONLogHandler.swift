import Foundation
import Logging
import Substrate

/// Writes each log line as one JSON object to standard error: `time`, `level`, `label`, `message`, and `metadata` if
/// there is any.
struct JSONLogHandler: LogHandler {
  var logLevel: Logger.Level = .info
  var metadata: Logger.Metadata = [:]
  private let label: String
  private let write: @Sendable (String) -> Void

  init(
    label: String,
    write: @escaping @Sendable (String) -> Void = { FileHandle.standardError.write(Data(($0 + "\n").utf8)) }
  ) {
    self.label = label
    self.write = write
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    var members: [String: JSONValue] = [
      "time": .string(Date().formatted(.iso8601.year().month().day().time(includingFractionalSeconds: true))),
      "level": .string(event.level.rawValue), "label": .string(label), "message": .string("\(event.message)"),
    ]
    var all = self.metadata.merging(event.metadata ?? [:]) { $1 }
    if let error = event.error { all["error"] = "\(error)" }
    if !all.isEmpty { members["metadata"] = .object(all.mapValues { .string("\($0)") }) }
    write(JSONValue.object(members).description)
  }
}
