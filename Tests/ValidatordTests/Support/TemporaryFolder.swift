import Foundation

/// A folder of a test's own, which goes with it.
final class TemporaryFolder: Sendable {
  /// Its absolute path. Short, since UNIX sockets in it have short ones.
  let path: String

  init() throws {
    let name = "vd-" + String(UInt64.random(in: .min ... .max), radix: 36)
    let folder = FileManager.default.temporaryDirectory.appending(path: name)
    try FileManager.default.createDirectory(
      at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    path = folder.path(percentEncoded: false)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}
