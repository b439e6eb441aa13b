import Foundation

@testable import validatord

/// `validatord validator`, to be started again and again with one configuration and one folder of data.
struct NodeDaemon {
  let configuration: String
  let database: String
  /// What the daemon that was started last has logged.
  let log: String

  /// - Parameter crashPoint: where it kills itself, as ``CrashPoint`` reads it; nil for nowhere.
  func start(until crashPoint: String? = nil) throws -> ChildProcess {
    try Data().write(to: URL(filePath: log))
    let errors = try FileHandle(forWritingTo: URL(filePath: log))
    defer { try? errors.close() }
    return try ChildProcess(
      ["validator", "--config", configuration], program: "validatord",
      environment: crashPoint.map { [CrashPoint.variable: $0] } ?? [:], errors: errors)
  }

  /// The last that it logged.
  var lastWords: String { String((try? String(contentsOfFile: log, encoding: .utf8))?.suffix(2000) ?? "") }
}
