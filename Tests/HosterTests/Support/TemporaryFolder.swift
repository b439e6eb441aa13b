import Foundation

/// A folder that is gone when the test is over.
final class TemporaryFolder {
  let path = FileManager.default.temporaryDirectory.appending(path: "validatord-\(UUID().uuidString)").path

  init() { try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
  deinit { try? FileManager.default.removeItem(atPath: path) }
}
