import Foundation
import Validator

/// The folder of all that a daemon keeps, while the daemon has it for itself.
struct DataFolder: Sendable {
  /// Opened for writing.
  let store: Store
  private let locks: [InstanceLock]

  /// Takes the folder, and makes it if it is not there; only its owner may enter a new one.
  ///
  /// - Throws: ``CommandError`` `node.data`; ``StoreError``, `store.locked` if another daemon has the folder or the peer
  ///   key.
  static func take(_ node: NodeSettings) throws -> DataFolder {
    do {
      try FileManager.default.createDirectory(
        atPath: node.data, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch {
      throw CommandError(
        "node.data", "the folder \(node.data) can't be made: \(error.localizedDescription)",
        remedy: "Set node.data to a folder that the daemon may write.", status: .configuration)
    }
    // Two daemons with one peer key would be one peer that answers differently each time.
    let locks = [try InstanceLock(locking: node.peerKey), try InstanceLock(database: node.database)]
    return DataFolder(store: try Store.open(node.database), locks: locks)
  }

  /// Closes the database and lets others in.
  func close() {
    try? store.close()
    for lock in locks { lock.unlock() }
  }
}
