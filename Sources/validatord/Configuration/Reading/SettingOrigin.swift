/// Where a value of the configuration comes from.
enum SettingOrigin: Sendable, Hashable, CustomStringConvertible {
  case flag(String)
  case environment(String)
  case file(String, line: Int)
  /// Nobody said anything.
  case standard

  var description: String {
    switch self {
    case .flag(let name): "flag \(name)"
    case .environment(let variable): "environment \(variable)"
    case .file(let path, let line): "\(path):\(line)"
    case .standard: "default"
    }
  }
}

/// What somebody wrote for a key.
struct RawSetting: Sendable, Hashable {
  /// One text, or those of a list.
  let texts: [String]
  let origin: SettingOrigin
  /// What relative paths are relative to.
  let folder: String
}
