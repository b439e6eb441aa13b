import Foundation
import GRDB

extension Store {
  /// Copies the database as it is at one moment to a new file, while others read and write it.
  ///
  /// The copy is checked before it gets its name, so a file that is there is a whole backup.
  ///
  /// - Throws: ``StoreError`` `store.exists`, `damaged`, `full`, `read-only`, `unreachable`.
  public func backup(to target: String) async throws {
    guard !StoreFile.exists(target) else { throw StoreError(.exists, "\(target) is there already") }
    let temporary = target + ".partial"
    // What an interrupted backup left behind is worth nothing.
    Store.remove(temporary)
    defer { Store.remove(temporary) }
    try StoreFile.create(temporary)
    let source = (path: path, connections: connections)
    try await read { try StoreCheck.quick($0, source.path) }
    try StoreError.translate(temporary) {
      let copy = try DatabaseQueue(path: temporary, configuration: Store.configuration(StoreOptions()))
      defer { try? copy.close() }
      try source.connections.backup(to: copy)
      try copy.writeWithoutTransaction { database in
        // One file is one backup: without a log beside it.
        try database.execute(sql: "PRAGMA journal_mode = DELETE")
        // Page by page it is the database itself: what is wrong here, also with an index, is wrong there.
        let check = try StoreCheck.whole(database)
        guard check.isSound else {
          throw StoreError(.damaged, "\(source.path) is damaged: \(check.faults.first ?? "")")
        }
      }
    }
    guard !StoreFile.exists(target) else { throw StoreError(.exists, "\(target) is there already") }
    try StoreFile.replace(target, with: temporary)
  }

  /// Puts a backup in the place of a database that no process uses.
  ///
  /// A backup has forgotten what was signed after it was made. So signing stays on hold until the daemon has raised the
  /// bounds to what the chain shows, and the bounds and holds of the database that is replaced are kept as far as they
  /// can be read: what a person has to decide stays undecided. What is replaced stays beside the new database as
  /// `….replaced`.
  ///
  /// - Returns: whether bounds and holds of the replaced database were carried over; false if it was missing or unreadable.
  /// - Throws: ``StoreError``: `store.locked` while the daemon runs; whatever is wrong with the backup.
  @discardableResult
  public static func restore(_ backup: String, to path: String) async throws -> Bool {
    let lock = try InstanceLock(database: path)
    defer { lock.unlock() }
    let temporary = path + ".restoring"
    remove(temporary)
    defer { remove(temporary) }
    let known = try? await foldedProtection(of: path)
    do {
      let source = try openReadOnlyWhateverVersion(backup)
      defer { try? source.close() }
      try await source.backup(to: temporary)
    } catch let error as StoreError where error.kind == .damaged {
      throw StoreError(.damaged, error.message, remedy: "Take another backup.")
    }
    let restored = try Store.open(temporary)
    let journal = SubmissionJournal(restored)
    try await journal.hold(.restored, "the database was restored from a backup")
    if let known {
      try await journal.raise(known.bounds)
      for hold in known.holds { try await journal.hold(hold.kind, hold.detail) }
    }
    // Leaves one file without a log.
    try await restored.writeOutsideTransaction { database in _ = try database.checkpoint(.truncate) }
    try restored.close()
    // The path never goes without a database: a daemon that found none would make one that knows of no signature.
    try keepAside(path)
    try StoreFile.replace(path, with: temporary)
    return known != nil
  }

  private static func openReadOnlyWhateverVersion(_ path: String) throws -> Store {
    try StoreFile.check(path)
    _ = try migrationStatus(path)
    return try StoreError.translate(path) {
      var configuration = configuration(StoreOptions())
      configuration.readonly = true
      return Store(path: path, reader: try DatabaseQueue(path: path, configuration: configuration))
    }
  }

  /// The bounds and holds of a database that may be damaged, after its log was written into it.
  private static func foldedProtection(
    of path: String
  ) async throws -> (bounds: ProtectionBounds, holds: [ProtectionHold]) {
    guard StoreFile.exists(path) else { throw StoreError(.missing, "\(path) is not there") }
    let store = try Store.open(path)
    defer { try? store.close() }
    let journal = SubmissionJournal(store)
    let (bounds, holds) = (try await journal.bounds(), try await journal.holds())
    try await store.writeOutsideTransaction { database in _ = try database.checkpoint(.truncate) }
    return (bounds, holds)
  }

  /// Gives a database a second name. Its log, if it has one still, could not be read and must not meet the next.
  private static func keepAside(_ path: String) throws {
    let aside = path + ".replaced"
    guard StoreFile.exists(path) else { return }
    remove(aside)
    guard link(path, aside) == 0 else { throw StoreFile.failure(aside, errno) }
    if StoreFile.exists(path + "-wal") {
      guard rename(path + "-wal", aside + "-wal") == 0 else { throw StoreFile.failure(path + "-wal", errno) }
    }
    unlink(path + "-shm")
    try StoreFile.synchronizeFolder(of: path)
  }

  /// Removes a database with what SQLite keeps beside it.
  private static func remove(_ path: String) {
    for suffix in ["", "-wal", "-shm", "-journal"] { unlink(path + suffix) }
  }
}
