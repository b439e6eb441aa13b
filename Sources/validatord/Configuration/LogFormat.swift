/// How log lines are written.
enum LogFormat: String, Sendable, CaseIterable {
  /// For people and for journald.
  case text
  /// One JSON object for each line.
  case json
}
