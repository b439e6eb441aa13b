import GRDB

/// Whether a database is whole.
public struct StoreCheck: Sendable, Hashable {
  /// What is wrong, in SQLite's words; empty if nothing is.
  public let faults: [String]
  /// The file without its write-ahead log, in bytes.
  public let size: Int64
  /// Pages that are free and could be given back, in bytes.
  public let free: Int64

  public var isSound: Bool { faults.isEmpty }

  /// The most faults that are told.
  static let limit = 20

  /// Looks through the pages; finds damage, but not an index that contradicts its table.
  ///
  /// - Throws: ``StoreError`` `store.damaged`.
  static func quick(_ database: Database, _ path: String) throws {
    let faults = try String.fetchAll(database, sql: "PRAGMA quick_check(1)")
    guard faults == ["ok"] else {
      throw StoreError(.damaged, "\(path) is damaged: \(faults.first ?? "no answer")")
    }
  }

  /// Looks through everything: pages, indexes, and references between tables.
  static func whole(_ database: Database) throws -> StoreCheck {
    var faults = try String.fetchAll(database, sql: "PRAGMA integrity_check(\(limit))").filter { $0 != "ok" }
    let orphans = try Row.fetchCursor(database, sql: "PRAGMA foreign_key_check")
    while faults.count < limit, let orphan = try orphans.next() {
      faults.append(
        "a row of \(orphan["table"] ?? "a table") refers to one of \(orphan["parent"] ?? "a table") that is not there")
    }
    let pageSize = try Int64.fetchOne(database, sql: "PRAGMA page_size") ?? 0
    let pages = try Int64.fetchOne(database, sql: "PRAGMA page_count") ?? 0
    let free = try Int64.fetchOne(database, sql: "PRAGMA freelist_count") ?? 0
    return StoreCheck(faults: faults, size: pages * pageSize, free: free * pageSize)
  }
}

extension Store {
  /// Looks through the whole database. Takes seconds for each gigabyte; the daemon may go on meanwhile.
  public func check() async throws -> StoreCheck { try await read(StoreCheck.whole) }
}
