import Foundation

/// A folder that is gone when the test is over.
final class TemporaryFolder {
  let path = FileManager.default.temporaryDirectory.appending(path: "validatord-\(UUID().uuidString)").path

  init() { try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }

  /// Writes a file into it.
  ///
  /// - Returns: its path.
  @discardableResult
  func write(_ bytes: some Sequence<UInt8>, to name: String) throws -> String {
    try Data(bytes).write(to: URL(filePath: "\(path)/\(name)"))
    return "\(path)/\(name)"
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}
