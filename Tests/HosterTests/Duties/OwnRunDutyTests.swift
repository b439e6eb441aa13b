import Synchronization
import Testing

@testable import Hoster

@Suite("The own run as a service", .timeLimit(.minutes(1)))
struct OwnRunDutyTests {
  private final class MemoryJournal: OwnRunJournal {
    let kept = Mutex<[UInt32: [Int32]]>([:])
    private let changes: AsyncStream<Void>.Continuation
    let changed: AsyncStream<Void>

    private let notes: AsyncStream<Void>.Continuation
    let noted: AsyncStream<Void>

    init() {
      (changed, changes) = AsyncStream.makeStream()
      (noted, notes) = AsyncStream.makeStream()
    }

    func isKept(_ epoch: UInt32) -> Bool { kept.withLock { $0[epoch] != nil } }

    let misses = Mutex<[UInt32: OwnRunMiss]>([:])

    func note(_ miss: OwnRunMiss, epoch: UInt32, block: UInt64) {
      misses.withLock { $0[epoch] = miss }
      notes.yield()
    }

    func keep(_ tokens: [Int32], epoch: UInt32, subnetNodeID: UInt32, block: UInt64) {
      kept.withLock { $0[epoch] = tokens }
      changes.yield()
    }
  }

  private struct Broken: Error {}

  /// Gives every stream the newest moment, as the chain's view does.
  private final class Moments: Sendable {
    private struct State {
      var newest: DutyMoment?
      var feeds: [AsyncStream<DutyMoment>.Continuation] = []
    }

    private let state = Mutex(State())

    var newest: DutyMoment? { state.withLock(\.newest) }

    func stream() -> AsyncStream<DutyMoment> {
      let (stream, feed) = AsyncStream.makeStream(of: DutyMoment.self, bufferingPolicy: .bufferingNewest(1))
      state.withLock { state in
        if let newest = state.newest { feed.yield(newest) }
        state.feeds.append(feed)
      }
      return stream
    }

    func tell(_ epoch: UInt32, _ block: UInt64, _ phase: WindowPhase) {
      let moment = DutyMoment(epoch: epoch, block: block, commit: phase, consensusTokens: [9], subnetNodeID: 1)
      state.withLock { state in
        state.newest = moment
        for feed in state.feeds { feed.yield(moment) }
      }
    }

    func finish() {
      state.withLock { state in
        for feed in state.feeds { feed.finish() }
      }
    }
  }

  @Test("D-21 an answer that outlasts its time is given up with it, and the next epoch has one")
  func overrun() async throws {
    let moments = Moments()
    let journal = MemoryJournal()
    let (begun, begins) = AsyncStream.makeStream(of: UInt32.self)
    let (released, releases) = AsyncStream.makeStream(of: Void.self)
    let duty = OwnRunDuty(
      moments: moments.stream, newest: { moments.newest }, journal: journal, maximumNewTokens: 1,
      logger: LogRecorder().logger
    ) { prompt, _ in
      let epoch = moments.newest?.epoch ?? 0
      begins.yield(epoch)
      return TokenStream { tokens in
        // The first never ends.
        tokens.onTermination = { _ in releases.yield() }
        guard epoch > 1 else { return }
        tokens.yield(prompt[0])
        tokens.finish()
      }
    }
    moments.tell(1, 3, .open)
    let running = Task { try await duty.run() }
    var (beginnings, releasing) = (begun.makeAsyncIterator(), released.makeAsyncIterator())
    #expect(await beginnings.next() == 1)
    moments.tell(1, 9, .over)
    await releasing.next()
    var noted = journal.noted.makeAsyncIterator()
    await noted.next()
    #expect(journal.misses.withLock { $0 } == [1: .late])
    moments.tell(2, 23, .open)
    var changes = journal.changed.makeAsyncIterator()
    await changes.next()
    #expect(journal.kept.withLock { $0 } == [2: [9]])
    running.cancel()
    try await running.value
  }

  @Test("D-21 the answer is kept, the second time if the first fails; one that comes after its time is not kept")
  func run() async throws {
    let moments = Moments()
    let journal = MemoryJournal()
    let (calls, called) = AsyncStream.makeStream(of: UInt64.self)
    let duty = OwnRunDuty(
      moments: moments.stream, newest: { moments.newest }, journal: journal, maximumNewTokens: 2,
      logger: LogRecorder().logger
    ) { prompt, count in
      let block = moments.newest?.block ?? 0
      called.yield(block)
      if block == 3 { throw Broken() }
      if block == 25 { moments.tell(2, 31, .over) }
      return TokenStream { tokens in
        for number in 0..<count { tokens.yield(prompt[0] + number) }
        tokens.finish()
      }
    }
    let running = Task { try await duty.run() }
    var calling = calls.makeAsyncIterator()
    var (changes, notes) = (journal.changed.makeAsyncIterator(), journal.noted.makeAsyncIterator())
    moments.tell(1, 3, .open)
    #expect(await calling.next() == 3)
    moments.tell(1, 4, .open)
    #expect(await calling.next() == 4)
    await changes.next()
    #expect(journal.kept.withLock { $0 } == [1: [9, 10]])
    moments.tell(2, 25, .open)
    await notes.next()
    #expect(journal.misses.withLock { $0 } == [2: .late])
    moments.tell(3, 45, .open)
    await changes.next()
    #expect(journal.kept.withLock { $0.keys.sorted() } == [1, 3])
    moments.finish()
    try await running.value
    #expect(duty.status == "epoch 3 kept")
  }
}
