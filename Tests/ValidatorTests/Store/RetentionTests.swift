import Foundation
import GRDB
import Substrate
import Testing

@testable import Validator

@Suite("Retention and backup")
struct RetentionTests {
  private let folder: TemporaryFolder
  private let store: Store

  init() throws {
    folder = try TemporaryFolder()
    store = try Store.open(folder.file("validator.sqlite"))
  }

  private static func retention(_ evidence: UInt32, _ summaries: UInt32) -> Retention {
    var retention = Retention()
    retention.evidenceEpochs = evidence
    retention.summaryEpochs = summaries
    return retention
  }

  @Test("Old observations are summed up, older epochs go, and the scores between stay")
  func prune() async throws {
    for epoch: UInt32 in 1...40 {
      try await Sample.fill(store, epoch)
      try await Sample.score(store, epoch)
    }
    let before = try await store.summaries(SummaryQuery(epochs: 1...40))
    let pruning = try await store.prune(Self.retention(10, 20), at: 40)
    #expect(pruning.rolledUp == 29 && pruning.removed == 19)
    #expect(try await store.epoch(19) == nil)
    // What a report says of the epochs that are left has not changed.
    #expect(try await store.summaries(SummaryQuery(epochs: 1...40)) == before.filter { $0.epoch >= 20 })
    #expect(try await store.observations(29).isEmpty)
    #expect(try await store.observations(30).count == 6)
    let error = await #expect(throws: ScoringError.self) { try await store.recompute(29) }
    #expect(error?.code == "scoring.no-evidence")
    #expect(try await store.recompute(30)?.isIdentical == true)
    #expect(try await store.check().isSound)
    #expect(try await store.prune(Self.retention(10, 20), at: 40) == Pruning())
    try store.close()
  }

  @Test("The file stops growing: 1,000 epochs under retention take no more room than the first 100")
  func bounded() async throws {
    let journal = SubmissionJournal(store)
    var sizes: [Int64] = []
    for epoch: UInt32 in 1...1_000 {
      try await store.open(Sample.epoch(epoch), nodes: [Sample.node(1), Sample.node(1_000 + epoch)])
      try await store.record([Sample.observation(epoch, 1, answer: Sample.tokens(Int64(epoch)))])
      let key = DutyKey(Sample.identity, nodeID: 100, epoch: epoch, duty: .attest)
      _ = try await journal.plan(key, at: 1)
      try await journal.advance(key, .miss(.notRunning), at: 1)
      if epoch.isMultiple(of: 20) { _ = try await store.prune(Self.retention(20, 40), at: epoch) }
      if epoch.isMultiple(of: 100) { sizes.append(try await store.check().size) }
    }
    #expect(try #require(sizes.last) <= 2 * #require(sizes.first), "\(sizes)")
    try await store.compact()
    let check = try await store.check()
    #expect(check.free == 0 && check.isSound)
    try store.close()
  }

  @Test("Duties that are removed leave their bounds behind")
  func dutiesGo() async throws {
    let journal = SubmissionJournal(store)
    let key = DutyKey(Sample.identity, nodeID: 3, epoch: 5, duty: .propose)
    _ = try await journal.plan(key, at: 1)
    _ = try await journal.sign(key, content: .sha256([1]), at: 1) { try Signatures.make(1) }
    try await journal.advance(key, .expire, at: 90)
    // One that is not over stays, however old.
    let open = DutyKey(Sample.identity, nodeID: 3, epoch: 6, duty: .propose)
    _ = try await journal.plan(open, at: 1)
    #expect(try await store.prune(Self.retention(1, 1), at: 1_000).duties == 1)
    #expect(try await journal.duty(key) == nil)
    #expect(try await journal.duty(open) != nil)
    _ = try await journal.plan(key, at: 1)
    let error = await #expect(throws: ProtectionError.self) {
      try await journal.sign(key, content: .sha256([1]), at: 1) { try Signatures.make(2) }
    }
    #expect(error?.code == "protection.bound")
    try store.close()
  }

  @Test("A backup taken while others write is whole; nothing is overwritten")
  func backup() async throws {
    for epoch: UInt32 in 1...5 { try await Sample.fill(store, epoch) }
    let store = store
    async let writing: Void = {
      for epoch: UInt32 in 6...40 { try await Sample.fill(store, epoch) }
    }()
    let target = folder.file("backup.sqlite")
    try await store.backup(to: target)
    try await writing
    let mode = try FileManager.default.attributesOfItem(atPath: target)[.posixPermissions] as? Int
    #expect(mode == 0o600)
    let copy = try Store.openReadOnly(target)
    #expect(try await copy.check().isSound)
    let latest = try #require(try await copy.latestEpoch())
    // An epoch is opened in one transaction and observed in another: never a part of either.
    let observed = try await copy.observations(latest).count
    #expect(observed == 0 || observed == 6)
    try copy.close()
    let error = await #expect(throws: StoreError.self) { try await store.backup(to: target) }
    #expect(error?.code == "store.exists")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).allSatisfy { !$0.hasSuffix(".partial") })
    try store.close()
  }

  @Test("Threats 5: a restored database signs nothing until it has seen the chain, and then only for later epochs")
  func restore() async throws {
    let path = folder.file("validator.sqlite")
    let target = folder.file("backup.sqlite")
    try await Sample.fill(store, 1)
    try await store.backup(to: target)
    // After the backup, something is signed that the backup does not know.
    let journal = SubmissionJournal(store)
    let forgotten = DutyKey(Sample.identity, nodeID: 3, epoch: 8, duty: .propose)
    _ = try await journal.plan(forgotten, at: 1)
    _ = try await journal.sign(forgotten, content: .sha256([1]), at: 1) { try Signatures.make(1) }

    let lock = try InstanceLock(database: path)
    let locked = await #expect(throws: StoreError.self) { try await Store.restore(target, to: path) }
    #expect(locked?.code == "store.locked")
    lock.unlock()
    try store.close()
    #expect(try await Store.restore(target, to: path))

    let restored = try Store.open(path)
    #expect(try await restored.latestEpoch() == 1)
    let after = SubmissionJournal(restored)
    func sign(_ epoch: UInt32) async throws -> String? {
      let key = DutyKey(Sample.identity, nodeID: 3, epoch: epoch, duty: .propose)
      _ = try await after.plan(key, at: 1)
      do {
        _ = try await after.sign(key, content: .sha256([2]), at: 1) { try Signatures.make(UInt8(epoch)) }
        return nil
      } catch let error as ProtectionError { return error.code }
    }
    #expect(try await sign(50) == "protection.hold")
    // The replaced database's bound was carried over.
    #expect(try await after.bounds().entries.map(\.epoch) == [8])
    try await after.settleRestore(
      ChainWitness(subnet: Sample.identity, nodeID: 3, currentEpoch: 10, lastActs: [.propose: 9]))
    #expect(try await sign(8) == "protection.bound")
    #expect(try await sign(10) == "protection.bound")
    #expect(try await sign(11) == nil)
    // What was there is kept.
    #expect(FileManager.default.fileExists(atPath: path + ".replaced"))
    try restored.close()
  }

  @Test("S17 a restore does not lift the hold after another signer was seen: a person decides it")
  func restoreKeepsHold() async throws {
    let path = folder.file("validator.sqlite")
    let target = folder.file("backup.sqlite")
    try await Sample.fill(store, 1)
    try await store.backup(to: target)
    try await SubmissionJournal(store).hold(.doppelganger, "propose of epoch 7 in block 150")
    try store.close()
    #expect(try await Store.restore(target, to: path))
    let restored = try Store.open(path)
    let journal = SubmissionJournal(restored)
    try await journal.settleRestore(ChainWitness(subnet: Sample.identity, nodeID: 3, currentEpoch: 10))
    let holds = try await journal.holds()
    #expect(holds.map(\.kind) == [.doppelganger] && holds.first?.detail.contains("block 150") == true)
    let key = DutyKey(Sample.identity, nodeID: 3, epoch: 11, duty: .propose)
    _ = try await journal.plan(key, at: 1)
    await #expect(throws: ProtectionError.self) {
      _ = try await journal.sign(key, content: .sha256([2]), at: 1) { try Signatures.make(2) }
    }
    try restored.close()
  }

  @Test("A damaged backup is refused, and the database stays as it is")
  func damagedBackup() async throws {
    try await Sample.fill(store, 1)
    let target = folder.file("backup.sqlite")
    try await store.backup(to: target)
    try store.close()
    var bytes = try Data(contentsOf: URL(filePath: target))
    for at in stride(from: 4096 + 40, to: bytes.count, by: 11) { bytes[at] ^= 0x33 }
    try bytes.write(to: URL(filePath: target))
    let path = folder.file("validator.sqlite")
    let error = await #expect(throws: StoreError.self) { try await Store.restore(target, to: path) }
    #expect(error?.code == "store.damaged")
    let same = try Store.open(path)
    #expect(try await same.observations(1).count == 6)
    #expect(try await SubmissionJournal(same).holds().isEmpty)
    try same.close()
  }

  @Test("A database that can't be read any more is replaced all the same")
  func beyondRepair() async throws {
    try await Sample.fill(store, 1)
    let target = folder.file("backup.sqlite")
    try await store.backup(to: target)
    try store.close()
    let path = folder.file("validator.sqlite")
    try Data("this was a database".utf8).write(to: URL(filePath: path))
    #expect(try await !Store.restore(target, to: path))
    let restored = try Store.open(path)
    #expect(try await restored.observations(1).count == 6)
    #expect(try await SubmissionJournal(restored).holds().map(\.kind) == [.restored])
    try restored.close()
  }
}
