import Substrate
import Synchronization
import Testing

@_spi(Testing) @testable import Validator

/// Duties whose bytes have left the process: whatever becomes of it, they are followed to their end.
@Suite("Duties that were sent", .timeLimit(.minutes(10)))
struct SentDutyTests {
  /// One validator among nodes that say they are validators, elected and with its proposal sent and in no block yet.
  private func sent(
    watching watch: @escaping @Sendable (DutyProgress.Arrow, SubmissionJournal.Moment) -> Void = { _, _ in }
  ) async throws -> (subnet: EngineSubnet, own: EngineSubnet.Member, epoch: UInt32) {
    let subnet = try await EngineSubnet()
    for id in 2...4 as ClosedRange<UInt32> { try subnet.serve(id, nil) }
    try subnet.serve(5, SumBackend())
    let own = try await subnet.start(1, watching: watch)
    try await subnet.elect(1)
    let epoch = try await subnet.advanceToElection(of: 1...1, seenBy: [own])
    try await eventually("the proposal is sent") { try await state(own, epoch) == "sent" }
    // The journal has it before the chain does.
    try await eventually("the chain has the proposal") {
      try await subnet.client.rpc.call("author_pendingExtrinsics", [], timeout: nil).arrayValue?.isEmpty == false
    }
    return (subnet, own, epoch)
  }

  private func state(_ member: EngineSubnet.Member, _ epoch: UInt32) async throws -> String? {
    try await SubmissionJournal(member.store).duties(epoch: epoch).first { $0.key.duty == .propose }?.state.name
  }

  @Test("D-15 a database that can't be written while the block comes: once it can, the journal has the block")
  func databaseFails() async throws {
    let inclusions = Mutex(0)
    let (subnet, own, epoch) = try await sent { arrow, moment in
      if arrow == .include, moment == .before { inclusions.withLock { $0 += 1 } }
    }
    try await own.store.writeOutsideTransaction { try $0.execute(sql: "PRAGMA query_only = ON") }
    try await subnet.makeBlock(seenBy: [own])
    try await eventually("the block is seen") { inclusions.withLock { $0 } > 0 }
    #expect(try await state(own, epoch) == "sent")
    try await eventually("the failure shows") { own.engine.storeFailure != nil }
    try await own.store.writeOutsideTransaction { try $0.execute(sql: "PRAGMA query_only = OFF") }
    try await eventually("the journal has it as final") { try await state(own, epoch) == "finalized" }
    await own.stop()
    await subnet.close()
  }

  /// Node 1's database as a process left it that had signed a duty for a few blocks; the chain never got it.
  ///
  /// - Parameter block: the block in which the process saw it.
  private func seed(
    _ duty: Duty, in store: Store, of subnet: EngineSubnet, seenIn block: BlockReference? = nil
  ) async throws -> DutyKey {
    let epoch = try await subnet.position().epoch - 1
    let identity = SubnetIdentity(genesisHash: subnet.client.genesisHash, subnetID: EngineSubnet.subnetID)
    try await store.bind(to: identity)
    let (journal, key) = (SubmissionJournal(store), DutyKey(identity, nodeID: 1, epoch: epoch, duty: duty))
    let hotkey = try subnet.hotkey(1)
    let context = try await subnet.client.signingContext(for: hotkey.accountID, lifetime: 4)
    _ = try await journal.plan(key, at: context.height)
    let call = HypertensorCall.attest(subnet: EngineSubnet.subnetID, node: 1)
    _ = try await journal.sign(key, content: .sha256([1]), at: context.height) {
      try context.sign(call, with: Signer(hotkey, allowing: [call.name]))
    }
    try await journal.advance(key, .send, at: context.height)
    if let block { try await journal.advance(key, .include(block), at: block.number) }
    return key
  }

  @Test("D-15 a duty whose block is abandoned while nobody looks has expired, and is not looked for again")
  func abandoned() async throws {
    let subnet = try await EngineSubnet()
    let store = try Store.open(subnet.folder.file("1.sqlite"))
    let height = try await subnet.client.best().number
    let gone = BlockReference(number: height + 1, hash: Sample.hash(9))
    let key = try await seed(.attest, in: store, of: subnet, seenIn: gone)
    try store.close()
    for _ in 0..<8 { try await subnet.makeBlock(seenBy: []) }
    let own = try await subnet.start(1)
    let journal = SubmissionJournal(own.store)
    try await eventually("it has expired") { try await journal.duty(key)?.state == .expired }
    #expect(try await journal.history(key).map(\.arrow) == [.plan, .sign, .send, .include, .retract, .expire])
    await own.stop()
    await subnet.close()
  }

  @Test(
    "D-15 after a start, a duty that the database does not let go of holds up none of the others, and is tried again")
  func goesOn() async throws {
    let subnet = try await EngineSubnet()
    let now = try await subnet.position().epoch
    let store = try Store.open(subnet.folder.file("1.sqlite"))
    let stubborn = try await seed(.propose, in: store, of: subnet)
    _ = try await SubmissionJournal(store).plan(
      DutyKey(stubborn.subnet, nodeID: 1, epoch: now - 1, duty: .attest), at: 1)
    for _ in 0..<8 { try await subnet.makeBlock(seenBy: []) }
    try await store.writeOutsideTransaction { database in
      try database.execute(
        sql: """
          CREATE TRIGGER stubborn BEFORE UPDATE ON duties WHEN NEW.duty = 'propose'
          BEGIN SELECT RAISE(ABORT, 'not now'); END
          """)
    }
    try store.close()
    let own = try await subnet.start(1)
    let journal = SubmissionJournal(own.store)
    func states() async throws -> [Duty: String] {
      Dictionary(uniqueKeysWithValues: try await journal.duties(epoch: now - 1).map { ($0.key.duty, $0.state.name) })
    }
    try await eventually("the other one is missed") { try await states()[.attest] == "missed" }
    #expect(try await states()[.propose] == "sent")
    try await own.store.writeOutsideTransaction { try $0.execute(sql: "DROP TRIGGER stubborn") }
    try await eventually("it has expired") { try await states()[.propose] == "expired" }
    await own.stop()
    await subnet.close()
  }

  @Test("D-15 a process that starts after a duty's time follows what an earlier one sent, and looks at its own node")
  func startsLate() async throws {
    let (subnet, own, epoch) = try await sent()
    await own.stop()
    let left = try Store.openReadOnly(subnet.folder.file("1.sqlite"))
    #expect(try await SubmissionJournal(left).duties(epoch: epoch).map(\.state.name) == ["sent"])
    try left.close()
    // Past the half of the epoch nothing is proposed any more.
    try await subnet.advance(to: epoch, 12, seenBy: [])
    let again = try await subnet.start(1)
    try await eventually("the feed is there") { again.feed.moment != nil }
    try await subnet.makeBlock(seenBy: [again])
    try await eventually("the journal has it as final") { try await state(again, epoch) == "finalized" }
    try await eventually("the own node is looked at") { again.engine.health != nil }
    #expect(try await subnet.position().epoch == epoch)
    await again.stop()
    await subnet.close()
  }
}
