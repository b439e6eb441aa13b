import Foundation
import GRDB
import Logging
import Testing

@testable import Validator

@Suite("Looking after the database", .timeLimit(.minutes(5)))
struct StoreUpkeepTests {
  private let folder: TemporaryFolder
  private let store: Store

  init() throws {
    folder = try TemporaryFolder()
    store = try Store.open(folder.file("validator.sqlite"))
  }

  /// Makes an index one of another column, as a failing disk might: the pages are whole, and its answers wrong.
  private func bend(_ path: String) throws {
    let queue = try DatabaseQueue(path: path)
    try queue.writeWithoutTransaction { database in
      try database.execute(
        sql: """
          PRAGMA writable_schema = ON;
          UPDATE sqlite_schema SET sql = 'CREATE INDEX nodes_by_peer ON nodes (epoch, peer)' WHERE name = 'nodes_by_peer';
          PRAGMA writable_schema = OFF;
          PRAGMA schema_version = 1000
          """)
    }
    try queue.close()
  }

  @Test("Threats 5: an index that contradicts its table gets into no backup, and ends a daemon that uses it")
  func bentIndex() async throws {
    let path = folder.file("validator.sqlite")
    for epoch in 1...5 as ClosedRange<UInt32> { try await Sample.fill(store, epoch) }
    try store.close()
    try bend(path)
    // Each start looks at the pages, and finds nothing.
    let bent = try Store.open(path)
    let target = folder.file("backup.sqlite")
    let error = await #expect(throws: StoreError.self) { try await bent.backup(to: target) }
    #expect(error?.code == "store.damaged" && error?.message.contains(path) == true)
    #expect(!FileManager.default.fileExists(atPath: target))
    var settings = StoreUpkeep.Settings()
    settings.firstCheck = .zero
    let upkeep = StoreUpkeep(bent, settings, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    let ended = await #expect(throws: StoreError.self) { try await upkeep.run() }
    #expect(ended?.code == "store.damaged")
    try bent.close()
  }

  @Test("Threats 5: such a backup is not restored, and another one is asked for")
  func bentBackup() async throws {
    for epoch in 1...5 as ClosedRange<UInt32> { try await Sample.fill(store, epoch) }
    let backup = folder.file("backup.sqlite")
    try await store.backup(to: backup)
    try store.close()
    try bend(backup)
    let path = folder.file("other.sqlite")
    let error = await #expect(throws: StoreError.self) { try await Store.restore(backup, to: path) }
    #expect(error?.code == "store.damaged" && error?.message.contains(backup) == true)
    #expect(error?.remedy == "Take another backup.")
    #expect(!FileManager.default.fileExists(atPath: path))
  }

  @Test("A sound database is looked through again and again: damage that comes later is found, too")
  func later() async throws {
    for epoch in 1...5 as ClosedRange<UInt32> { try await Sample.fill(store, epoch) }
    var settings = StoreUpkeep.Settings()
    (settings.firstCheck, settings.checking) = (.zero, .milliseconds(20))
    let log = LogRecorder()
    let upkeep = StoreUpkeep(store, settings, logger: log.logger)
    let running = Task { try await upkeep.run() }
    try await eventually("it was looked through, and again") {
      log.texts().count { $0.hasPrefix("the database was looked through") } > 1
    }
    try bend(folder.file("validator.sqlite"))
    await #expect {
      try await running.value
    } throws: {
      ($0 as? StoreError)?.kind == .damaged
    }
    try store.close()
  }

  @Test("A look that failed is taken again after the first time's pause, not after a week; then the week begins")
  func retried() async throws {
    try await Sample.fill(store, 1)
    var settings = StoreUpkeep.Settings()
    settings.firstCheck = .milliseconds(20)
    #expect(settings.checking == .seconds(7 * 86_400))
    let log = LogRecorder()
    let upkeep = StoreUpkeep(store, settings, logger: log.logger)
    // A file system that is away for a while: no connection can be opened.
    let path = folder.file("validator.sqlite")
    try FileManager.default.moveItem(atPath: path, toPath: path + ".away")
    let running = Task { try await upkeep.run() }
    try await eventually("it failed, and again") {
      log.texts().count { $0.hasPrefix("the database could not be looked through") } > 1
    }
    #expect(!log.texts().contains { $0.hasPrefix("the database was looked through") })
    try FileManager.default.moveItem(atPath: path + ".away", toPath: path)
    try await eventually("it was looked through") {
      log.texts().contains { $0.hasPrefix("the database was looked through") }
    }
    running.cancel()
    try await running.value
    #expect(log.texts().count { $0.hasPrefix("the database was looked through") } == 1)
    try store.close()
  }

  @Test("It ends with its task, and without an error")
  func ends() async throws {
    let upkeep = StoreUpkeep(store)
    let running = Task { try await upkeep.run() }
    running.cancel()
    try await running.value
    try store.close()
  }
}
