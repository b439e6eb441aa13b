/// One thing that is wrong with the configuration.
struct SettingProblem: Sendable, Hashable, CustomStringConvertible {
  /// The key as it was written.
  let key: String
  /// Where it was written; nil for a key that is missing.
  let origin: SettingOrigin?
  /// What is wrong, in words that follow the key.
  let text: String

  var description: String {
    switch origin {
    case .file(let path, let line)?: "\(path):\(line): \(key) \(text)"
    case .environment(let variable)? where variable == key: "environment: \(key) \(text)"
    case .some(.standard), nil: "\(key) \(text)"
    case .some(let origin): "\(origin): \(key) \(text)"
    }
  }
}

extension CommandError {
  /// Tells everything that is wrong with the configuration at once.
  static func configuration(_ problems: [SettingProblem]) -> CommandError {
    let message =
      problems.count == 1
      ? problems[0].description
      : "the configuration has \(problems.count) problems:\n" + problems.map { "  \($0)" }.joined(separator: "\n")
    return CommandError(
      "configuration.invalid", message, remedy: "docs/configuration.md explains every key.", status: .configuration)
  }
}
