import Synchronization
import Testing

@testable import Hoster

@Suite("The own run as a service", .timeLimit(.minutes(1)))
struct OwnRunDutyTests {
  private final class MemoryJournal: OwnRunJournal {
    let kept = Mutex<[UInt32: [Int32]]>([:])
    private let changes: AsyncStream<Void>.Continuation
    let changed: AsyncStream<Void>

    init() { (changed, changes) = AsyncStream.makeStream() }

    func isKept(_ epoch: UInt32) -> Bool { kept.withLock { $0[epoch] != nil } }

    let misses = Mutex<[UInt32: OwnRunMiss]>([:])

    func note(_ miss: OwnRunMiss, epoch: UInt32, block: UInt64) { misses.withLock { $0[epoch] = miss } }

    func keep(_ tokens: [Int32], epoch: UInt32, subnetNodeID: UInt32, block: UInt64) {
      kept.withLock { $0[epoch] = tokens }
      changes.yield()
    }
  }

  private struct Broken: Error {}

  @Test("D-21 the answer is kept, the second time if the first fails; one that comes after its time is not kept")
  func run() async throws {
    let (moments, feed) = AsyncStream.makeStream(of: DutyMoment.self)
    let newest = Mutex<DutyMoment?>(nil)
    let calls = Mutex(0)
    let journal = MemoryJournal()
    func tell(_ epoch: UInt32, _ block: UInt64, _ phase: WindowPhase) {
      let moment = DutyMoment(epoch: epoch, block: block, commit: phase, consensusTokens: [9], subnetNodeID: 1)
      newest.withLock { $0 = moment }
      feed.yield(moment)
    }
    let duty = OwnRunDuty(
      moments: { moments }, newest: { newest.withLock { $0 } }, journal: journal, maximumNewTokens: 2,
      logger: LogRecorder().logger
    ) { prompt, count in
      let call = calls.withLock { calls in
        calls += 1
        return calls
      }
      if call == 1 { throw Broken() }
      // The third takes until the time is over.
      if call == 3 {
        newest.withLock { $0 = DutyMoment(epoch: 2, block: 30, commit: .over, consensusTokens: [9], subnetNodeID: 1) }
      }
      if call == 4 {
        newest.withLock { $0 = DutyMoment(epoch: 3, block: 45, commit: .open, consensusTokens: [9], subnetNodeID: 1) }
      }
      return TokenStream { tokens in
        for number in 0..<count { tokens.yield(prompt[0] + number) }
        tokens.finish()
      }
    }
    let running = Task { try await duty.run() }
    var changes = journal.changed.makeAsyncIterator()
    tell(1, 3, .open)
    tell(1, 4, .open)
    await changes.next()
    #expect(journal.kept.withLock { $0 } == [1: [9, 10]])
    tell(2, 25, .open)
    tell(2, 31, .over)
    tell(3, 45, .open)
    await changes.next()
    #expect(journal.kept.withLock { $0.keys.sorted() } == [1, 3])
    feed.finish()
    try await running.value
    #expect(duty.status == "epoch 3 kept")
    #expect(journal.misses.withLock { $0 } == [2: .late])
  }
}
