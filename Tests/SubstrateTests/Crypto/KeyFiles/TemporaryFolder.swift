import Foundation

/// A directory of its own for a test, removed with the value's last reference.
final class TemporaryFolder: Sendable {
  let path: String

  init() throws {
    let url = FileManager.default.temporaryDirectory.appending(path: "validatord-\(UUID())")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    path = url.path(percentEncoded: false)
  }

  deinit {
    try? FileManager.default.removeItem(atPath: path)
  }

  /// The path of an entry.
  func entry(_ name: String) -> String { path + "/" + name }

  /// Writes a file with the given mode.
  func file(_ name: String, _ contents: some Sequence<UInt8>, mode: Int = 0o600) throws -> String {
    try Data(contents).write(to: URL(filePath: entry(name)))
    try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: entry(name))
    return entry(name)
  }

  var entries: [String] {
    get throws { try FileManager.default.contentsOfDirectory(atPath: path).sorted() }
  }
}
