import Foundation
import GRDB
import Substrate
import Synchronization
import Testing

@testable import Validator

/// Counts from any thread.
private final class Counter: Sendable {
  private let count = Mutex(0)
  var value: Int { count.withLock { $0 } }
  func add() { count.withLock { $0 += 1 } }
}

@Suite("Protection against signing twice")
struct SubmissionJournalTests {
  private let folder: TemporaryFolder
  private let store: Store
  private let journal: SubmissionJournal

  init() throws {
    folder = try TemporaryFolder()
    store = try Store.open(folder.file("validator.sqlite"))
    journal = SubmissionJournal(store)
  }

  private func key(_ epoch: UInt32, _ duty: Duty = .propose, node: UInt32 = 3) -> DutyKey {
    DutyKey(Sample.identity, nodeID: node, epoch: epoch, duty: duty)
  }

  private func sign(_ key: DutyKey, _ number: UInt8, content: UInt8 = 1) async throws -> DutyRecord {
    _ = try await journal.plan(key, at: 100)
    return try await journal.sign(key, content: .sha256([content]), at: 101) { try Signatures.make(number) }
  }

  private func code(_ body: () async throws -> Void) async throws -> String? {
    do {
      try await body()
      return nil
    } catch let error as any ValidatorError {
      return error.code
    }
  }

  @Test("D-15 the bytes are stored before anybody gets them, and come back whole after a restart")
  func storedFirst() async throws {
    let record = try await sign(key(5), 1)
    #expect(record.state == .signed && record.next == .send)
    try store.close()
    let again = SubmissionJournal(try Store.open(folder.file("validator.sqlite")))
    #expect(try await again.duty(key(5)) == record)
    #expect(try await again.unfinished() == [record])
    #expect(try record.signature?.extrinsic == Signatures.make(1))
    try again.store.close()
  }

  @Test("A second signature is the first one again, and for another statement there is none")
  func once() async throws {
    let signed = Counter()
    let first = try await sign(key(5), 1)
    let second = try await journal.sign(key(5), content: .sha256([1]), at: 120) {
      signed.add()
      return try Signatures.make(2)
    }
    #expect(second == first && signed.value == 0)
    #expect(try await code { _ = try await sign(key(5), 3, content: 2) } == "protection.signed-otherwise")
    // Also once the first is over.
    try await journal.advance(key(5), .expire, at: 200)
    #expect(try await sign(key(5), 4).state == .expired)
    #expect(try await code { _ = try await sign(key(5), 4, content: 2) } == "protection.signed-otherwise")
    try store.close()
  }

  @Test("Older epochs are closed; other duties, nodes and subnets are not")
  func bounds() async throws {
    _ = try await sign(key(5), 1)
    #expect(try await code { _ = try await sign(key(4), 2) } == "protection.bound")
    _ = try await sign(key(4, .attest), 3)
    _ = try await sign(key(4, node: 4), 4)
    let other = DutyKey(
      SubnetIdentity(genesisHash: Sample.hash(2), subnetID: 128_001), nodeID: 3, epoch: 4, duty: .propose)
    _ = try await sign(other, 5)
    _ = try await sign(key(6), 6)
    #expect(try await journal.bounds().entries.count == 4)
    // Neither code nor a person at the prompt lowers a bound by accident.
    for sql in ["UPDATE bounds SET epoch = 0", "DELETE FROM bounds", "UPDATE signatures SET nonce = 9"] {
      await #expect(throws: StoreError.self) { try await store.write { try $0.execute(sql: sql) } }
    }
    try store.close()
  }

  @Test("If it can't be written down, it is not signed")
  func failClosed() async throws {
    _ = try await journal.plan(key(5), at: 1)
    try await store.writeOutsideTransaction { database in
      let pages = try Int.fetchOne(database, sql: "PRAGMA page_count") ?? 0
      try database.execute(sql: "PRAGMA max_page_count = \(pages)")
    }
    let journal = journal
    let error = await #expect(throws: StoreError.self) {
      try await journal.sign(key(5), content: .sha256([1]), at: 1) {
        // As large as a proposal for a thousand nodes.
        let key = try AccountKey(secret: [UInt8](repeating: 1, count: 32))
        let bytes = [UInt8](repeating: 1, count: 20_000)
        return SignedExtrinsic(
          bytes: bytes, hash: Blake2b.hash256(bytes), signer: key.accountID, nonce: 0, call: "x", expiresAt: 1)
      }
    }
    #expect(error?.code == "store.full")
    #expect(try await journal.duty(key(5))?.state == .planned)
    #expect(try await journal.bounds().entries.isEmpty)
    try store.close()
  }

  @Test("Unplanned duties, immortal extrinsics and wrong hashes are not signed; a failing signer leaves nothing")
  func unfit() async throws {
    let journal = journal
    #expect(
      try await code {
        _ = try await journal.sign(key(5), content: .sha256([1]), at: 1) { try Signatures.make(1) }
      } == "protection.not-planned")
    _ = try await journal.plan(key(5), at: 1)
    #expect(
      try await code {
        _ = try await journal.sign(key(5), content: .sha256([1]), at: 1) { try Signatures.make(1, expiresAt: nil) }
      } == "protection.unfit")
    await #expect(throws: CancellationError.self) {
      _ = try await journal.sign(key(5), content: .sha256([1]), at: 1) { throw CancellationError() }
    }
    #expect(try await journal.duty(key(5))?.state == .planned)
    #expect(try await code { try await journal.advance(key(5), .send, at: 1) } == "journal.arrow")
    #expect(try await code { try await journal.advance(key(5), .sign, at: 1) } == "journal.arrow")
    #expect(try await code { try await journal.advance(key(6), .miss(.tooLate), at: 1) } == "protection.not-planned")
    try await journal.advance(key(5), .miss(.wouldFail), at: 1, detail: "Network.Paused")
    #expect(
      try await code {
        _ = try await journal.sign(key(5), content: .sha256([1]), at: 1) { try Signatures.make(1) }
      } == "journal.arrow")
    let missed = try await journal.duty(key(5))
    #expect(missed?.state == .missed(.wouldFail) && missed?.detail == "Network.Paused")
    try store.close()
  }

  @Test("The journal has every step in order, with the height of the chain")
  func history() async throws {
    _ = try await sign(key(5), 1)
    for (event, block): (DutyProgress.Event, UInt64) in [
      (.send, 101), (.send, 102), (.include(Sample.block(103)), 103), (.retract, 104),
      (.include(Sample.block(105)), 105),
      (.finalize(Sample.block(105)), 108),
    ] { try await journal.advance(key(5), event, at: block) }
    let history = try await journal.history(key(5))
    #expect(history.map(\.arrow) == [.plan, .sign, .send, .include, .retract, .include, .finalize])
    #expect(history.map(\.state) == ["planned", "signed", "sent", "included", "sent", "included", "finalized"])
    #expect(history.map(\.block) == [100, 101, 101, 103, 104, 105, 108])
    #expect(try await journal.unfinished().isEmpty)
    #expect(try await journal.duties(epoch: 5).map(\.state) == [.finalized(Sample.block(105))])
    try store.close()
  }

  @Test("Signing is atomic in one process, too: of a hundred at once one signs")
  func concurrency() async throws {
    _ = try await journal.plan(key(5), at: 1)
    let (journal, key) = (journal, key(5))
    let signed = Counter()
    let hashes = try await withThrowingTaskGroup(of: [UInt8]?.self) { group in
      for number: UInt8 in 0..<100 {
        group.addTask {
          try await journal.sign(key, content: .sha256([1]), at: 1) {
            signed.add()
            return try Signatures.make(number)
          }.signature?.extrinsic.hash
        }
      }
      return try await group.reduce(into: Set<[UInt8]?>()) { $0.insert($1) }
    }
    #expect(signed.value == 1 && hashes.count == 1)
    try store.close()
  }

  @Test("Bounds travel as JSON, and of two the stricter is kept")
  func interchange() async throws {
    _ = try await sign(key(5), 1)
    _ = try await sign(key(9, .attest), 2)
    let exported = try await journal.bounds()
    let file = Array("\(exported.json)".utf8)
    #expect(try ProtectionBounds(file: file) == exported)

    let other = try Store.open(folder.file("other.sqlite"))
    let there = SubmissionJournal(other)
    try await there.raise(
      ProtectionBounds([.init(subnet: Sample.identity, nodeID: 3, duty: .propose, epoch: 7)]))
    try await there.raise(ProtectionBounds(file: file))
    try await there.raise(ProtectionBounds(file: file))
    #expect(try await there.bounds().entries.map(\.epoch) == [9, 7])
    _ = try await there.plan(key(7), at: 1)
    let refused = await #expect(throws: ProtectionError.self) {
      try await there.sign(key(7), content: .sha256([1]), at: 1) { try Signatures.make(3) }
    }
    #expect(refused?.code == "protection.bound")
    try other.close()
    try store.close()
  }

  @Test("A protection file that is not whole is refused as a whole")
  func hostileInterchange() throws {
    let bound = #"{"genesisHash":"\#(Sample.hash(1))","subnetId":1,"nodeId":2,"duty":"attest","epoch":3}"#
    func file(_ bounds: String, format: String = "validatord-protection", version: String = "1") -> [UInt8] {
      Array(#"{"format":"\#(format)","version":\#(version),"bounds":\#(bounds)}"#.utf8)
    }
    #expect(try ProtectionBounds(file: file("[\(bound)]")).entries.count == 1)
    for bad in [
      [], Array("null".utf8), file("{}"), file("[\(bound)]", format: "other"), file("[\(bound)]", version: "2"),
      file("[\(bound),1]"), file("[\(bound.replacing("\"epoch\":3", with: "\"epoch\":-3"))]"),
      file("[\(bound.replacing("\"epoch\":3", with: "\"epoch\":4294967296"))]"),
      file("[\(bound.replacing("attest", with: "sudo"))]"),
      file("[\(bound.replacing("\"nodeId\":2", with: "\"node\":2"))]"),
      file("[\(bound.replacing("0x01", with: "0x"))]"),
      file("[" + Array(repeating: bound, count: 10_001).joined(separator: ",") + "]"),
      [UInt8](repeating: UInt8(ascii: "["), count: 100_000),
      [UInt8](repeating: 0x20, count: ProtectionBounds.maximumFileSize + 1),
    ] {
      let error = #expect(throws: ProtectionError.self) { try ProtectionBounds(file: bad) }
      #expect(error?.code == "protection.interchange")
    }
  }

  @Test("S17 another signer with the own key stops signing, also after a restart, until a person releases it")
  func doppelganger() async throws {
    var watch = DoppelgangerWatch(startBlock: 1_000, startEpoch: 50)
    let own = try await sign(key(51), 1)
    #expect(watch.see(.init(.propose, epoch: 51, block: 1_020), journal: own) == .own)
    let missed = try await journal.plan(key(52), at: 1)
    #expect(!watch.sawEarlierActs && watch.maySign(in: 50))
    let old = DoppelgangerWatch.Act(.attest, epoch: 40, block: 800)
    #expect(watch.see(old, journal: nil) == .earlier(old) && watch.maySign(in: 50))
    // The key was in use right before the start: perhaps it still is.
    let last = DoppelgangerWatch.Act(.attest, epoch: 49, block: 990)
    #expect(watch.see(last, journal: nil) == .earlier(last))
    #expect(!watch.maySign(in: 50) && watch.maySign(in: 51))
    let act = DoppelgangerWatch.Act(.propose, epoch: 52, block: 1_040)
    // Planning is not signing: whoever proposed was not this process.
    #expect(watch.see(act, journal: missed) == .doppelganger(act))

    try await journal.hold(.doppelganger, "propose of epoch 52 in block 1040")
    try store.close()
    let again = SubmissionJournal(try Store.open(folder.file("validator.sqlite")))
    _ = try await again.plan(key(60), at: 1)
    let error = await #expect(throws: ProtectionError.self) {
      try await again.sign(key(60), content: .sha256([1]), at: 1) { try Signatures.make(9) }
    }
    #expect(error?.code == "protection.hold" && error?.message.contains("1040") == true)
    // What was signed before may still be sent: it can be included only once.
    #expect(try await again.sign(key(51), content: .sha256([1]), at: 1) { try Signatures.make(9) } == own)
    try await again.releaseDoppelganger()
    #expect(try await again.holds().isEmpty)
    _ = try await again.sign(key(60), content: .sha256([1]), at: 1) { try Signatures.make(9) }
    try again.store.close()
  }

  @Test("One process at a time: the lock is exclusive, refuses links and ends with its owner")
  func lock() throws {
    let path = folder.file("hot.key")
    #expect(FileManager.default.createFile(atPath: path, contents: Data()))
    do {
      let lock = try InstanceLock(locking: path)
      let error = #expect(throws: StoreError.self) { try InstanceLock(locking: path) }
      #expect(error?.code == "store.locked")
      lock.unlock()
      _ = try InstanceLock(locking: path)
    }
    _ = try InstanceLock(locking: path)
    let link = folder.file("link.key")
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: path)
    #expect(throws: StoreError.self) { try InstanceLock(locking: link) }
    #expect(throws: StoreError.self) { try InstanceLock(locking: folder.file("none")) }
  }
}
