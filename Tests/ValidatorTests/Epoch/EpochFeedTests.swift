import Logging
import Substrate
import Synchronization
import Testing

@testable import Validator

@Suite("Following the epoch")
final class EpochFeedTests: Sendable {
  private let chain = SimulatedSubnet()
  private let clock = Mutex(ContinuousClock.now)

  private func feed(_ patience: EpochFeed.Patience = EpochFeed.Patience()) -> EpochFeed {
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    return EpochFeed(chain, ownPeer: Sample.peer(2), patience: patience, logger: logger) { [self] in
      clock.withLock { $0 }
    }
  }

  @Test("Tells the epoch, the place in it, the elected and the own node; the first block's hash only once it is final")
  func follows() async throws {
    let feed = feed()
    chain.change { $0.elected[0] = [0: 2] }
    try await feed.look()
    #expect(feed.moment == nil && feed.status.isWaiting)
    chain.advance(to: 4)
    try await feed.look()
    let early = try #require(feed.moment)
    #expect(early.position == EpochPosition(epoch: 0, into: 1, length: 20))
    #expect(early.firstBlockHash == nil && early.finalized.number == 2)
    #expect(early.ownNode?.id == 2 && early.isElected)
    chain.advance(to: 5)
    try await feed.look()
    #expect(feed.moment?.firstBlockHash == SimulatedSubnet.hash(3, 0))
    chain.advance(to: 23)
    try await feed.look()
    let next = try #require(feed.moment)
    #expect(next.epoch == 1 && next.position.into == 0 && next.firstBlockHash == nil && next.elected == nil)
    #expect(feed.firstSeen?.number == 0 && !feed.status.isWaiting)
  }

  @Test("A listener gets the newest moment at once, and later ones as they come")
  func listeners() async throws {
    let feed = feed()
    chain.advance(to: 6)
    try await feed.look()
    var moments = feed.moments().makeAsyncIterator()
    #expect(await moments.next()?.best.number == 6)
    // What a slow listener misses it can do without.
    for number in 7...9 as ClosedRange<UInt64> {
      chain.advance(to: number)
      try await feed.look()
    }
    #expect(await moments.next()?.best.number == 9)
    // Nothing new is no moment.
    try await feed.look()
    chain.advance(to: 10)
    try await feed.look()
    #expect(await moments.next()?.best.number == 10)
  }

  @Test("Tells which block came last, and when, also if nothing more can be read of it; not of the first")
  func arrivals() async throws {
    let feed = feed()
    chain.advance(to: 4)
    try await feed.look()
    #expect(feed.moment?.best.number == 4 && feed.status.arrived == nil)
    chain.change { $0.clock = nil }
    chain.advance(to: 5)
    clock.withLock { $0 += .seconds(6) }
    try await feed.look()
    #expect(feed.status.arrived?.number == 5 && feed.status.bestSince == clock.withLock { $0 })
    #expect(feed.moment?.best.number != 5)
  }

  @Test("After a reorganisation the election and the nodes are read again, also across the epoch's first block")
  func reorganises() async throws {
    let feed = feed()
    chain.change {
      $0.finalityLag = 6
      $0.elected[1] = [0: 2, 1: 3]
    }
    chain.advance(to: 24)
    try await feed.look()
    #expect(feed.moment?.elected == 2 && feed.moment?.isElected == true)
    chain.change { $0.roster = SubnetRoster(state: .active, minimumStake: 100, nodes: [SimulatedSubnet.node(3)]) }
    chain.reorganise(3)
    try await feed.look()
    #expect(feed.moment?.best.number == 24 && feed.moment?.elected == 3)
    #expect(feed.moment?.ownNode == nil && feed.moment?.isElected == false)
    // The first block that counts is that of the fork which became final.
    chain.advance(to: 30)
    try await feed.look()
    #expect(feed.moment?.firstBlockHash == SimulatedSubnet.hash(23, 1))
  }

  @Test("Nodes are read at the start of an epoch and every tenth of it, not with every block")
  func rosterReads() async throws {
    let feed = feed()
    for number in 3..<43 as Range<UInt64> {
      chain.advance(to: number)
      try await feed.look()
    }
    let reads = chain.world.withLock(\.rosterReads)
    #expect((10...24).contains(reads), "\(reads)")
  }

  @Test("While the chain can't be read the last moment stands, and what was missed is read then")
  func failover() async throws {
    let feed = feed()
    chain.advance(to: 8)
    try await feed.look()
    chain.change { $0.failure = RPCError(.unreachable, "all endpoints are down") }
    for _ in 0..<20 { try await feed.look() }
    #expect(feed.moment?.best.number == 8)
    #expect(feed.status.failure?.contains("down") == true)
    chain.change { $0.failure = nil }
    chain.advance(to: 33)
    try await feed.look()
    #expect(feed.moment?.best.number == 33 && feed.moment?.epoch == 1 && feed.status.failure == nil)
  }

  @Test("A chain that began anew ends the feed; a single endpoint's answer does not")
  func restart() async throws {
    let feed = feed()
    chain.advance(to: 8)
    try await feed.look()
    chain.change { $0.failure = ChainError(.wrongChain, "another genesis") }
    for _ in 1..<EpochFeed.foreignAnswers { try await feed.look() }
    await #expect {
      try await feed.look()
    } throws: { ($0 as? EpochError)?.kind == .wrongChain }
  }

  @Test("A chain that makes no block is told of, and ends the feed when finality stays away for too long")
  func stalls() async throws {
    var patience = EpochFeed.Patience()
    patience.end = .seconds(600)
    let feed = feed(patience)
    chain.advance(to: 8)
    try await feed.look()
    let start = clock.withLock { $0 }
    clock.withLock { $0 += .seconds(599) }
    try await feed.look()
    #expect(feed.status.bestSince == start)
    // Blocks without finality don't count as progress.
    chain.change { $0.finalityLag = 3 }
    chain.advance(to: 9)
    clock.withLock { $0 += .seconds(1) }
    await #expect {
      try await feed.look()
    } throws: { ($0 as? EpochError)?.kind == .stalled }
  }

  @Test("It ends with its task, and ends its listeners")
  func ends() async throws {
    let feed = feed()
    chain.advance(to: 8)
    let running = Task { try await feed.run() }
    var moments = feed.moments().makeAsyncIterator()
    #expect(await moments.next() != nil)
    running.cancel()
    try await running.value
    #expect(await moments.next() == nil)
  }
}
