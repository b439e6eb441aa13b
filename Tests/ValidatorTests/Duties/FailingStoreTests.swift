import Foundation
import GRDB
import Testing

@testable import Validator

/// Engines whose database fails while they run.
@Suite("A database that fails under the running engine", .timeLimit(.minutes(10)))
struct FailingStoreTests {
  enum Failure: String, CaseIterable {
    case full, readOnly

    var code: StoreError.Code { self == .full ? .full : .readOnly }
  }

  /// The disk is full, or turned read-only.
  private func bring(_ failure: Failure, over store: Store) async throws {
    try await store.writeOutsideTransaction { database in
      switch failure {
      case .full:
        let pages = try Int.fetchOne(database, sql: "PRAGMA page_count") ?? 0
        try database.execute(sql: "PRAGMA max_page_count = \(pages)")
      case .readOnly: try database.execute(sql: "PRAGMA query_only = ON")
      }
    }
  }

  private func mend(_ store: Store) async throws {
    try await store.writeOutsideTransaction { database in
      try database.execute(sql: "PRAGMA query_only = OFF; PRAGMA max_page_count = 1073741823")
    }
  }

  @Test(
    "A full or read-only database: nothing is signed that is not kept, and all goes on once it is mended",
    arguments: Failure.allCases)
  func unwritable(_ failure: Failure) async throws {
    // A tensor of several pages finds no room in those that there are.
    let (subnet, members, epoch) = try await EngineSubnet.scored { $0.challenge.promptLength = 900 }
    let own = members[0]
    let account = try subnet.hotkey(1).accountID
    let before = try await subnet.client.best().account(account).nonce
    try await bring(failure, over: own.store)
    // Another one proposes, so that there is something to attest to.
    try await subnet.elect(2)
    try await subnet.advance(to: epoch + 1, 0, seenBy: members)
    try await subnet.reachConsensus(in: epoch + 1, of: 3, seenBy: Array(members.dropFirst()))
    try await subnet.advance(to: epoch + 1, 12, seenBy: members)
    try await eventually("the failure is told") { own.engine.storeFailure?.kind == failure.code }
    try await subnet.advance(to: epoch + 1, 19, seenBy: members)
    let journal = SubmissionJournal(own.store)
    let submission = try #require(try await subnet.submission(epoch + 1))
    let isOnChain = submission.attestations[1] != nil
    let isKept = try await journal.duties(epoch: epoch + 1).contains { $0.signature != nil }
    #expect(isKept || !isOnChain)
    // Nothing left the process that the journal does not have: each extrinsic that the chain took is a signature there.
    let taken = Int(try await subnet.client.best().account(account).nonce - before)
    let signed = try await journal.duties(epoch: epoch + 1).count { $0.signature != nil }
    #expect(taken <= signed, "\(taken) on chain, \(signed) kept")
    if failure == .readOnly { #expect(!isKept && !isOnChain) }
    #expect(own.engine.lastScored == epoch)
    try await mend(own.store)
    // The epoch at hand is lost, the next ones are whole.
    try await subnet.advance(to: epoch + 2, 0, seenBy: members)
    let next = try await subnet.advanceToElection(of: 1...4, seenBy: members)
    try await subnet.reachConsensus(in: next, of: 4, seenBy: members)
    #expect(try await subnet.settle(own, in: next, seenBy: members).state.name == "finalized")
    #expect(own.engine.storeFailure == nil)
    #expect(try await own.store.check().isSound)
    await subnet.close(members)
  }

  @Test("A database that a newer program migrates under the running engine ends it, and nothing is signed after")
  func newer() async throws {
    let (subnet, members, _) = try await EngineSubnet.scored()
    let own = members[0]
    let before = try await subnet.client.best().account(try subnet.hotkey(1).accountID).nonce
    let newer = Migration(number: Migration.all.count + 1, name: "newer", sql: "CREATE TABLE future (x INTEGER) STRICT")
    try await own.store.writeOutsideTransaction { [path = own.store.path] in
      try Migrator.migrate($0, path, migrations: Migration.all + [newer])
    }
    let end = try await end(of: own, among: members, in: subnet)
    #expect {
      try end.get()
    } throws: { ($0 as? StoreError)?.kind == .newer && ($0 as? StoreError)?.remedy.contains("Update") == true }
    #expect(try await subnet.client.best().account(try subnet.hotkey(1).accountID).nonce == before)
    #expect(try await SubmissionJournal(own.store).unfinished().allSatisfy { $0.signature == nil })
    await subnet.close(members)
  }

  @Test("A duty that the database let fail says so, and does not blame the endpoints")
  func reason() async throws {
    let subnet = try await EngineSubnet()
    try subnet.serve(5, SumBackend())
    for id in 3...4 as ClosedRange<UInt32> { try subnet.serve(id, nil) }
    let (own, other) = (try await subnet.start(1), try await subnet.start(2))
    try await subnet.elect(2)
    let epoch = try await subnet.advanceToElection(of: 2...2, seenBy: [own, other])
    try await eventually("the epoch is recorded") { try await own.store.epoch(epoch) != nil }
    try await bring(.readOnly, over: own.store)
    // The proposal comes, and can't be recorded.
    try await subnet.reachConsensus(in: epoch, of: 1, seenBy: [own, other])
    try await eventually("the failure is told") { own.engine.storeFailure?.kind == .readOnly }
    try await subnet.advance(to: epoch, 19, seenBy: [own, other])
    try await mend(own.store)
    try await subnet.advance(to: epoch + 1, 1, seenBy: [own, other])
    let journal = SubmissionJournal(own.store)
    try await eventually("the miss is noted") {
      try await journal.duties(epoch: epoch).contains { $0.key.duty == .attest && $0.state == .missed(.storeFailed) }
    }
    for member in [own, other] { await member.stop() }
    await subnet.close()
  }

  @Test("Pages that are damaged under the running engine end it with the remedy, and nothing is signed after")
  func damaged() async throws {
    let (subnet, members, _) = try await EngineSubnet.scored()
    let own = members[0]
    let before = try await subnet.client.best().account(try subnet.hotkey(1).accountID).nonce
    try await Self.garble(own.store)
    let end = try await end(of: own, among: members, in: subnet)
    #expect {
      try end.get()
    } throws: { ($0 as? StoreError)?.kind == .damaged && ($0 as? StoreError)?.remedy.contains("db restore") == true }
    #expect(try await subnet.client.best().account(try subnet.hotkey(1).accountID).nonce == before)
    await subnet.close(members)
  }

  /// Goes on for two epochs, in which the first member's engine ends.
  private func end(
    of own: EngineSubnet.Member, among members: [EngineSubnet.Member], in subnet: EngineSubnet
  ) async throws -> Result<Void, any Error> {
    let isOver = Task { await own.running.result }
    for _ in 0..<40 {
      try await subnet.makeBlock(seenBy: Array(members.dropFirst()))
      try await Task.sleep(for: .milliseconds(50))
    }
    return await isOver.value
  }

  /// Moves the log into the file, overwrites all of it but its first page, and has every connection forget what it read.
  private static func garble(_ store: Store) async throws {
    try await store.writeOutsideTransaction { database in
      try database.checkpoint(.truncate)
      let size = try Int.fetchOne(database, sql: "PRAGMA page_size") ?? 4096
      let count = try Int.fetchOne(database, sql: "PRAGMA page_count") ?? 1
      let file = try FileHandle(forUpdating: URL(filePath: store.path))
      try file.seek(toOffset: UInt64(size))
      try file.write(contentsOf: Data(repeating: 0xa5, count: size * (count - 1)))
      try file.close()
    }
    (store.connections as? DatabasePool)?.releaseMemory()
  }
}
