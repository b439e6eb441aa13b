import Foundation
import GRDB
import Substrate

/// Brings a database to the schema of this build, one migration after the other, each in a transaction of its own.
enum Migrator {
  private static let ledger = """
    CREATE TABLE schema_migrations (
      number INTEGER PRIMARY KEY,
      name TEXT NOT NULL,
      checksum BLOB NOT NULL CHECK (length(checksum) = 32),
      applied_ms INTEGER NOT NULL
    ) STRICT
    """

  /// Which migrations the database has and lacks.
  ///
  /// - Throws: ``StoreError`` `foreign`, `newer` or `migration` for one that this build must not touch.
  @discardableResult
  static func check(
    _ database: Database, _ path: String, migrations: [Migration] = Migration.all
  ) throws -> MigrationStatus {
    let application = try Int32.fetchOne(database, sql: "PRAGMA application_id") ?? 0
    let version = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
    let isEmpty = try Int.fetchOne(database, sql: "SELECT count(*) FROM sqlite_schema") == 0
    guard application == Store.applicationID || (application == 0 && isEmpty) else {
      throw StoreError(.foreign, "\(path) is a database of another program")
    }
    var applied: [MigrationStatus.Step] = []
    if try database.tableExists("schema_migrations") {
      for row in try Row.fetchAll(database, sql: "SELECT * FROM schema_migrations ORDER BY number") {
        applied.append(
          MigrationStatus.Step(
            number: row["number"], name: row["name"],
            checksum: Hex.encodeUnprefixed(row["checksum"] as Data), appliedAt: row["applied_ms"]))
      }
    }
    guard version <= migrations.count, applied.count <= migrations.count else {
      throw StoreError(
        .newer, "\(path) has version \(max(version, applied.count)); this validatord knows \(migrations.count)")
    }
    for (step, migration) in zip(applied, migrations) {
      guard step.number == migration.number, step.checksum == Hex.encodeUnprefixed(migration.checksum) else {
        throw StoreError(
          .migration, "migration \(step.number) of \(path), \(step.name), is not the one that this version has")
      }
    }
    guard version == applied.count else {
      throw StoreError(.damaged, "\(path) says version \(version) and has \(applied.count) migrations")
    }
    let pending = migrations.dropFirst(applied.count).map {
      MigrationStatus.Step(
        number: $0.number, name: $0.name, checksum: Hex.encodeUnprefixed($0.checksum), appliedAt: nil)
    }
    return MigrationStatus(applied: applied, pending: pending)
  }

  /// Demands the schema of this build before something is written.
  ///
  /// The lock beside the database keeps a second validatord away, but not somebody who has it migrated by hand, or by a
  /// program on another machine. What this build would write then may break the rules of the newer schema, so the running
  /// program ends instead. This costs two look-ups in pages that are always in memory.
  ///
  /// - Throws: ``StoreError`` `newer`, `older`, `migration`, `foreign` or `damaged`.
  static func demandCurrent(_ database: Database, _ path: String) throws {
    let version = try database.cachedStatement(sql: "PRAGMA user_version")
    let steps = try database.cachedStatement(sql: "SELECT max(number) FROM schema_migrations")
    let count = Migration.all.count
    if try Int.fetchOne(version) == count, try Int.fetchOne(steps) == count { return }
    try check(database, path)
    throw StoreError(.older, "\(path) lost migrations while it was open")
  }

  /// Applies what is lacking. Killed at any moment, it leaves the database after one of the migrations.
  static func migrate(_ database: Database, _ path: String, migrations: [Migration] = Migration.all) throws {
    let status = try check(database, path, migrations: migrations)
    for migration in migrations.dropFirst(status.applied.count) {
      try database.inTransaction(.immediate) {
        if migration.number == 1 {
          try database.execute(sql: "PRAGMA application_id = \(Store.applicationID)")
          try database.execute(sql: ledger)
        }
        try database.execute(sql: migration.sql)
        try database.execute(
          sql: "INSERT INTO schema_migrations VALUES (?, ?, ?, ?)",
          arguments: [migration.number, migration.name, Data(migration.checksum), WallClock.milliseconds])
        try database.execute(sql: "PRAGMA user_version = \(migration.number)")
        return .commit
      }
    }
  }
}

extension Store {
  /// Which migrations a database has and which this build would apply; changes nothing.
  public static func migrationStatus(_ path: String, options: StoreOptions = StoreOptions()) throws -> MigrationStatus {
    try StoreFile.check(path)
    return try StoreError.translate(path) { try inspect(path, options) { try Migrator.check($0, path) } }
  }
}
