/// The flags of the configuration on a command line: `--chain-rpc URL`, `--chain-rpc=URL`; those of lists may be given
/// several times, and `--chain-allow-plaintext` alone means true.
struct SettingFlags: Sendable {
  /// What was given, by the key's name.
  private(set) var texts: [String: [String]] = [:]

  /// - Throws: ``CommandError`` `usage.flag`.
  init(_ arguments: [String]) throws {
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      guard let flag = parts.first, let entry = Settings.all.first(where: { $0.flag == flag }) else {
        throw Self.unknown(argument)
      }
      if parts.count == 2 {
        texts[entry.name, default: []].append(parts[1])
      } else if entry.isSwitch, !["true", "false"].contains(rest.first) {
        texts[entry.name, default: []].append("true")
      } else if let value = rest.popFirst() {
        texts[entry.name, default: []].append(value)
      } else {
        throw CommandError("usage.flag", "\(flag) takes \(entry.takes)", remedy: "Give a value behind it.")
      }
    }
  }

  private static func unknown(_ argument: String) -> CommandError {
    guard argument.hasPrefix("-") else {
      return CommandError(
        "usage.flag", "\(argument.quotedForReader) is not expected here", remedy: "Every value belongs behind its flag."
      )
    }
    let flag = argument.prefix { $0 != "=" }.description
    let near = Spelling.nearest(to: flag, among: Settings.all.map(\.flag))
    return CommandError(
      "usage.flag", "there is no flag \(flag.quotedForReader)",
      remedy: near.map { "Did you mean \($0)?" } ?? "docs/configuration.md has all of them.")
  }
}
