import Foundation
import GRDB
import Synchronization
import Testing

@testable import Validator

@Suite("Opening the database")
struct StoreOpeningTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private var path: String { folder.file("validator.sqlite") }

  @Test("D-17 the binary carries the migrations of migrations/, in order and unchanged")
  func embedded() throws {
    let files = try FileManager.default.contentsOfDirectory(
      at: Repository.root.appending(path: "migrations"), includingPropertiesForKeys: nil
    ).filter { $0.pathExtension == "sql" }.sorted { $0.lastPathComponent < $1.lastPathComponent }
    #expect(files.count == Migration.all.count, "run scripts/migrations")
    for (position, (file, migration)) in zip(files, Migration.all).enumerated() {
      #expect(migration.number == position + 1)
      #expect(file.lastPathComponent == String(format: "%04d_", migration.number) + migration.name + ".sql")
      #expect(try String(contentsOf: file, encoding: .utf8) == migration.sql, "run scripts/migrations")
    }
  }

  @Test("D-18 the database is private, strict, waits for the disk, and logs ahead")
  func settings() async throws {
    let store = try Store.open(path)
    let attributes = try FileManager.default.attributesOfItem(atPath: path)
    #expect(attributes[.posixPermissions] as? Int == 0o600)
    for suffix in ["-wal", "-shm"] {
      let beside = try FileManager.default.attributesOfItem(atPath: path + suffix)
      #expect(beside[.posixPermissions] as? Int == 0o600)
    }
    let values = try await store.writeOutsideTransaction { database in
      try [
        "journal_mode", "synchronous", "foreign_keys", "trusted_schema", "secure_delete", "application_id",
        "user_version",
      ]
      .map { try String.fetchOne(database, sql: "PRAGMA \($0)") ?? "" }
    }
    #expect(values == ["wal", "2", "1", "0", "1", "\(0x7661_6c64)", "\(Migration.all.count)"])
    let loose = try await store.read { database in
      try String.fetchAll(
        database, sql: "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND strict = 0")
    }
    #expect(loose.filter { !$0.hasPrefix("sqlite_") }.isEmpty)
    try store.close()
  }

  @Test("D-17 each older version comes up to date with its rows", arguments: 0..<Migration.all.count)
  func older(_ version: Int) async throws {
    let path = path
    try Self.make(path, Array(Migration.all.prefix(version)))
    if version > 0 {
      let queue = try DatabaseQueue(path: path)
      try await queue.write { try $0.execute(sql: "INSERT INTO peers VALUES (1, '12D3KooWOld', 1, 2)") }
      try queue.close()
      // Reading beside a daemon never changes the file.
      #expect(try code { try Store.openReadOnly(path) } == "store.older")
    }
    #expect(try Store.migrationStatus(path).pending.count == Migration.all.count - version)
    let store = try Store.open(path)
    #expect(try Store.migrationStatus(path).pending.isEmpty)
    let peers = try await store.read { try String.fetchAll($0, sql: "SELECT peer_id FROM peers") }
    #expect(peers == (version > 0 ? ["12D3KooWOld"] : []))
    #expect(try await store.check().isSound)
    try store.close()
  }

  @Test("D-17 a newer database is refused, untouched")
  func newer() throws {
    let next = Migration(number: Migration.all.count + 1, name: "next", sql: "CREATE TABLE future (x INTEGER) STRICT")
    try Self.make(path, Migration.all + [next])
    let before = try Data(contentsOf: URL(filePath: path))
    #expect(try code { try Store.open(path) } == "store.newer")
    #expect(try code { try Store.openReadOnly(path) } == "store.newer")
    #expect(try Data(contentsOf: URL(filePath: path)) == before)
  }

  @Test("D-17 a database that a newer program changes while it is open takes no row of this one, and no signature")
  func newerMeanwhile() async throws {
    let store = try Store.open(path)
    let journal = SubmissionJournal(store)
    try await Sample.fill(store, 1)
    let key = DutyKey(Sample.identity, nodeID: 1, epoch: 2, duty: .attest)
    _ = try await journal.plan(key, at: 5)
    let next = Migration(
      number: Migration.all.count + 1, name: "next", sql: "ALTER TABLE epochs ADD COLUMN more INTEGER")
    let other = try DatabaseQueue(path: path)
    try await other.writeWithoutTransaction { [path] in
      try Migrator.migrate($0, path, migrations: Migration.all + [next])
    }
    let write = await #expect(throws: StoreError.self) { try await store.open(Sample.epoch(2), nodes: []) }
    #expect(write?.kind == .newer && write?.isLasting == true && write?.remedy.contains("Update") == true)
    let isAsked = Mutex(false)
    let signature = await #expect(throws: StoreError.self) {
      try await journal.sign(key, content: .sha256([1]), at: 6) {
        isAsked.withLock { $0 = true }
        return try Signatures.make(1)
      }
    }
    #expect(signature?.kind == .newer && !isAsked.withLock(\.self))
    let counts = try await other.read { database in
      try ["epochs", "signatures"].map { try Int.fetchOne(database, sql: "SELECT count(*) FROM \($0)") ?? 0 }
    }
    #expect(counts == [1, 0])
    // Put back as it was, it is written again.
    try await other.write { database in
      try database.execute(sql: "ALTER TABLE epochs DROP COLUMN more")
      try database.execute(sql: "DELETE FROM schema_migrations WHERE number = \(Migration.all.count + 1)")
      try database.execute(sql: "PRAGMA user_version = \(Migration.all.count)")
    }
    try other.close()
    try await store.open(Sample.epoch(2), nodes: [])
    try store.close()
  }

  @Test("A migration that fails half way leaves nothing of itself")
  func failedMigration() async throws {
    let bad = Migration(
      number: Migration.all.count + 1, name: "bad",
      sql: "CREATE TABLE half (x INTEGER) STRICT; INSERT INTO nowhere VALUES (1)")
    #expect(throws: (any Error).self) { try Self.make(path, Migration.all + [bad]) }
    let store = try Store.open(path)
    #expect(try await store.read { try !$0.tableExists("half") })
    try store.close()
  }

  @Test("A migration under a known number but with other contents is refused")
  func changedMigration() throws {
    var changed = Migration.all
    changed[0] = Migration(number: 1, name: changed[0].name, sql: changed[0].sql + "-- changed\n")
    try Self.make(path, changed)
    #expect(try code { try Store.open(path) } == "store.migration")
  }

  @Test("Damage, other programs' files and other subnets are refused with what to do")
  func damaged() async throws {
    let store = try Store.open(path)
    try await Sample.fill(store, 1)
    try store.close()
    var bytes = try Data(contentsOf: URL(filePath: path))
    // The first page's header stays; the pages behind it are overwritten.
    for at in stride(from: 4096 + 100, to: bytes.count, by: 7) { bytes[at] ^= 0x5a }
    try bytes.write(to: URL(filePath: path))
    #expect(try code { try Store.open(path) } == "store.damaged")

    let garbage = folder.file("garbage.sqlite")
    try write(Data((0..<9000).map { UInt8(truncatingIfNeeded: $0 &* 31) }), garbage)
    #expect(try code { try Store.open(garbage) } == "store.damaged")
    // SQLite takes a file that is shorter than a page for an empty one, and would begin anew.
    let short = folder.file("short.sqlite")
    try write(Data("this was a database".utf8), short)
    #expect(try code { try Store.open(short) } == "store.damaged")
    #expect(try String(contentsOfFile: short, encoding: .utf8) == "this was a database")

    let foreign = folder.file("foreign.sqlite")
    try write(Data(), foreign)
    let queue = try DatabaseQueue(path: foreign)
    try await queue.write { try $0.execute(sql: "CREATE TABLE theirs (x)") }
    try queue.close()
    #expect(try code { try Store.open(foreign) } == "store.foreign")

    let bound = try Store.open(folder.file("bound.sqlite"))
    try await bound.bind(to: Sample.identity)
    try await bound.bind(to: Sample.identity)
    let other = SubnetIdentity(genesisHash: Sample.hash(2), subnetID: Sample.identity.subnetID)
    let error = await #expect(throws: StoreError.self) { try await bound.bind(to: other) }
    #expect(error?.code == "store.foreign" && error?.remedy.isEmpty == false)
    try bound.close()
  }

  @Test("S14 files that others may use, links and missing files are refused")
  func modes() throws {
    try write(Data(), path)
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
    let error = #expect(throws: StoreError.self) { try Store.open(path) }
    #expect(error?.code == "store.mode" && error?.remedy == "chmod 600 '\(path)'")
    let link = folder.file("link.sqlite")
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: path)
    #expect(try code { try Store.open(link) } == "store.mode")
    #expect(try code { try Store.openReadOnly(folder.file("nothing.sqlite")) } == "store.missing")
    #expect(!FileManager.default.fileExists(atPath: folder.file("nothing.sqlite")))
    #expect(try code { try Store.open(folder.file("no/folder/x.sqlite")) } == "store.missing")
    let open = folder.file("open")
    try FileManager.default.createDirectory(atPath: open, withIntermediateDirectories: false)
    try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: open)
    #expect(try code { try Store.open(open + "/x.sqlite") } == "store.mode")
  }

  @Test("A full disk and a read-only file are told apart, nothing is half written, and it goes on afterwards")
  func full() async throws {
    let store = try Store.open(path)
    try await store.open(Sample.epoch(1), nodes: [Sample.node(1)])
    try await store.writeOutsideTransaction { database in
      let pages = try Int.fetchOne(database, sql: "PRAGMA page_count") ?? 0
      try database.execute(sql: "PRAGMA max_page_count = \(pages + 4)")
    }
    let answer = try #require(Answer(.uint8, shape: [100_000], bytes: [UInt8](repeating: 1, count: 100_000)))
    let full = await #expect(throws: StoreError.self) {
      try await store.record([Sample.observation(1, 1, answer: answer)])
    }
    #expect(full?.code == "store.full" && full?.remedy.isEmpty == false)
    #expect(try await store.observations(1).isEmpty)
    try await store.writeOutsideTransaction { try $0.execute(sql: "PRAGMA max_page_count = 1000000") }
    try await store.record([Sample.observation(1, 1, answer: answer)])
    #expect(try await store.observations(1).count == 1)

    try await store.writeOutsideTransaction { try $0.execute(sql: "PRAGMA query_only = ON") }
    let readOnly = await #expect(throws: StoreError.self) { try await store.open(Sample.epoch(2), nodes: []) }
    #expect(readOnly?.code == "store.read-only")
    try store.close()
    let reader = try Store.openReadOnly(path)
    let refused = await #expect(throws: StoreError.self) { try await reader.open(Sample.epoch(2), nodes: []) }
    #expect(refused?.code == "store.read-only")
    try reader.close()
  }

  @Test("D-18 readers beside a writer see whole transactions and never wait")
  func besides() async throws {
    let store = try Store.open(path)
    for epoch: UInt32 in 1...3 { try await Sample.fill(store, epoch) }
    let path = path
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        for epoch: UInt32 in 4...40 {
          try await Sample.fill(store, epoch)
          try await Sample.score(store, epoch)
        }
      }
      group.addTask {
        for _ in 0..<30 {
          let reader = try Store.openReadOnly(path)
          if let latest = try await reader.latestEpoch(scored: true) {
            // Scores are whole, or not there.
            #expect(try await reader.scores(latest)?.sheet.scores.count == 6)
          }
          try reader.close()
        }
      }
      try await group.waitForAll()
    }
    #expect(try await store.latestEpoch() == 40)
    try store.close()
  }

  @Test("Every error has a code of its own and says what to do")
  func codes() {
    #expect(Set(StoreError.Code.allCases.map(\.rawValue)).count == StoreError.Code.allCases.count)
    for kind in StoreError.Code.allCases where ![.conflict, .tooLarge, .failed].contains(kind) {
      #expect(!StoreError(kind, "something").remedy.isEmpty, "\(kind)")
    }
  }

  private static func make(_ path: String, _ migrations: [Migration]) throws {
    try StoreFile.create(path)
    let queue = try DatabaseQueue(path: path)
    defer { try? queue.close() }
    try queue.writeWithoutTransaction { try Migrator.migrate($0, path, migrations: migrations) }
  }

  private func code(_ body: () throws -> some Any) throws -> String? {
    do {
      _ = try body()
      return nil
    } catch let error as StoreError {
      return error.code
    }
  }

  private func write(_ data: Data, _ path: String) throws {
    #expect(FileManager.default.createFile(atPath: path, contents: data, attributes: [.posixPermissions: 0o600]))
  }
}
