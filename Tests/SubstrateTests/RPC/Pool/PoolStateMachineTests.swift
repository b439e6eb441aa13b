import Testing

@testable import Substrate

@Suite("Pool state machine")
struct PoolStateMachineTests {
  private let start = ContinuousClock.now
  private let chain = TestChain(name: 1)

  private func head(_ number: UInt64, on chain: TestChain = TestChain(name: 1)) throws -> ChainHead {
    try #require(ChainHead(number: number, hash: chain.hash(number)))
  }

  /// Endpoints that are up, with these best and finalized heads.
  private func pool(_ heads: [(best: UInt64, finalized: UInt64)]) throws -> PoolStateMachine {
    var machine = PoolStateMachine(
      names: heads.indices.map { "e\($0)" }, options: EndpointPoolOptions(), now: start)
    for (index, (best, finalized)) in heads.enumerated() {
      machine.connecting(index)
      try machine.verify(index, genesis: chain.genesis)
      _ = machine.sawBest(index, try head(best), now: start)
      _ = try machine.sawFinalized(index, try head(finalized))
      _ = machine.up(index, now: start)
    }
    return machine
  }

  @Test("The first genesis hash is pinned when none is given, and another one is refused")
  func genesis() throws {
    var machine = PoolStateMachine(names: ["a", "b"], options: EndpointPoolOptions(), now: start)
    try machine.verify(0, genesis: chain.genesis)
    let error = #expect(throws: RPCError.self) { try machine.verify(1, genesis: TestChain(name: 2).genesis) }
    #expect(error?.kind == .wrongChain)
    var generator = SplitMix64(seed: 1)
    _ = machine.down(1, try #require(error), now: start, using: &generator)
    #expect(machine.nextAttempt(1) == nil)
    #expect(machine.status[1].state == .quarantined)
    #expect(machine.status[1].reason?.message.contains(TestChain(name: 2).genesis) == true)
  }

  @Test("A pinned genesis hash binds the first endpoint too, and a hash must be one")
  func pinnedGenesis() {
    let options = EndpointPoolOptions(genesisHash: chain.genesis.uppercased().replacing("0X", with: "0x"))
    var machine = PoolStateMachine(names: ["a"], options: options, now: start)
    #expect(throws: Never.self) { try machine.verify(0, genesis: chain.genesis) }
    #expect(throws: RPCError.self) { try machine.verify(0, genesis: TestChain(name: 2).genesis) }
    #expect(throws: RPCError.self) { try machine.verify(0, genesis: "0x00") }
  }

  @Test("When all endpoints are on other chains a call fails at once and says so")
  func allQuarantined() throws {
    var machine = PoolStateMachine(names: ["a"], options: EndpointPoolOptions(), now: start)
    var generator = SplitMix64(seed: 1)
    _ = machine.down(0, RPCError(.wrongChain, "other"), now: start, using: &generator)
    #expect(machine.choose(.finalized, now: start) == .fail(RPCError(.wrongChain, "other")))
  }

  @Test("Among current endpoints the faster wins; one that lags is used only if it must be")
  func choice() throws {
    var machine = try pool([(100, 98), (100, 98), (90, 88)])
    machine.succeeded(0, in: .milliseconds(300))
    machine.succeeded(1, in: .milliseconds(100))
    machine.succeeded(2, in: .milliseconds(1))
    #expect(machine.choose(.best(50), now: start) == .use(1))
    #expect(machine.choose(.best(50), tried: [1], now: start) == .use(0))
    #expect(machine.choose(.best(50), tried: [0, 1], now: start) == .use(2))
  }

  @Test("A read never goes to an endpoint behind the finalized block shown, nor below the height asked for")
  func floor() throws {
    var machine = try pool([(100, 98), (97, 95)])
    #expect(machine.finalized?.number == 98)
    var generator = SplitMix64(seed: 1)
    _ = machine.down(0, RPCError(.connectionLost, "gone"), now: start, using: &generator)
    #expect(machine.finalized?.number == 98)
    guard case .wait(_, let reason) = machine.choose(.finalized, now: start) else {
      Issue.record("an endpoint that is behind was chosen")
      return
    }
    #expect(reason.kind == .staleView)
    #expect(machine.choose(.best(97), now: start) == .use(1))
    #expect(machine.choose(.best(98), now: start) != .use(1))
    _ = try machine.sawFinalized(1, head(98))
    #expect(machine.choose(.finalized, now: start) == .use(1))
  }

  @Test("The finalized number shown only rises, whatever endpoints report", arguments: 0..<20)
  func monotonicity(_ seed: UInt64) throws {
    var generator = SplitMix64(seed: seed)
    var machine = try pool([(10, 8), (10, 8), (10, 8)])
    var shown = try #require(machine.finalized).number
    for step in 0..<500 {
      let index = Int.random(in: 0..<3, using: &generator)
      let now = start + .seconds(step)
      var events: [HeadEvent] = []
      switch Int.random(in: 0..<5, using: &generator) {
      case 0: events = machine.down(index, RPCError(.connectionLost, "x"), now: now, using: &generator)
      case 1: events = machine.up(index, now: now)
      case 2:
        events = machine.sawBest(index, try head(UInt64.random(in: 1...60, using: &generator)), now: now)
      default:
        events = try machine.sawFinalized(index, head(UInt64.random(in: 1...50, using: &generator)))
      }
      for case .finalized(let head) in events {
        #expect(head.number > shown)
        shown = head.number
      }
      #expect(machine.finalized?.number == shown)
      if case .use(let chosen) = machine.choose(.finalized, now: now) {
        #expect(machine.endpoints[chosen].isUp)
        #expect(machine.endpoints[chosen].finalized?.number ?? 0 >= shown)
      }
    }
  }

  @Test("Another block of a number that was shown as finalized is a conflict")
  func conflict() throws {
    var machine = try pool([(100, 98), (100, 97)])
    let error = #expect(throws: RPCError.self) {
      try machine.sawFinalized(1, head(98, on: TestChain(name: 2)))
    }
    #expect(error?.kind == .finalityConflict)
  }

  @Test("One endpoint that claims an absurd height does not make the others look outdated")
  func outlier() throws {
    var machine = try pool([(100, 98), (101, 98)])
    machine.connecting(0)
    machine = try pool([(100, 98), (101, 98), (100, 98)])
    _ = machine.sawBest(2, try head(1 << 40), now: start)
    _ = try machine.sawFinalized(2, try head(1 << 40))
    #expect(machine.finalized?.number == 98)
    #expect(machine.best?.number == 101)
    #expect(machine.lag(0) == 1)
    #expect(machine.status[2].state == .disbelieved)
    #expect(machine.choose(.finalized, tried: [0, 1], now: start) != .use(2))
  }

  @Test("A rate limit is respected for as long as the endpoint asked, within a bound")
  func rateLimit() throws {
    var machine = try pool([(100, 98)])
    var generator = SplitMix64(seed: 1)
    let error = RPCError(.rateLimited, "429", retryAfter: .seconds(60))
    #expect(machine.failed(0, error, now: start, using: &generator) == false)
    guard case .wait(let until?, _) = machine.choose(.finalized, now: start) else {
      Issue.record("the endpoint was used although it asked to be left alone")
      return
    }
    #expect(until >= start + .seconds(60))
    #expect(machine.choose(.finalized, now: until) == .use(0))
    _ = machine.failed(
      0, RPCError(.rateLimited, "429", retryAfter: .seconds(1 << 30)), now: start, using: &generator)
    #expect(machine.choose(.finalized, now: start + .seconds(301)) == .use(0))
  }

  @Test("Repeated failures give the connection up; a node's refusal of a request is no failure")
  func failures() throws {
    var machine = try pool([(100, 98)])
    var generator = SplitMix64(seed: 1)
    let timeout = RPCError(.timeout, "late")
    #expect(
      machine.failed(0, RPCError.server(code: -32602, message: ""), now: start, using: &generator) == false)
    #expect(machine.endpoints[0].failures == 0)
    #expect(machine.failed(0, timeout, now: start, using: &generator) == false)
    #expect(machine.failed(0, timeout, now: start, using: &generator) == false)
    #expect(machine.failed(0, timeout, now: start, using: &generator) == true)
    machine.succeeded(0, in: .milliseconds(1))
    #expect(machine.failed(0, timeout, now: start, using: &generator) == false)
  }

  @Test("Only failed attempts to connect make a call give up early, not failed calls before")
  func hopeless() throws {
    var machine = try pool([(100, 98)])
    var generator = SplitMix64(seed: 1)
    let timeout = RPCError(.timeout, "late")
    for _ in 0..<5 { _ = machine.failed(0, timeout, now: start, using: &generator) }
    _ = machine.down(0, timeout, now: start, using: &generator)
    for _ in 0..<PoolStateMachine.hopelessAttempts {
      #expect(machine.choose(.finalized, now: start) == .wait(until: nil, timeout))
      machine.connecting(0)
      _ = machine.down(0, timeout, now: start, using: &generator)
    }
    #expect(machine.choose(.finalized, now: start) == .fail(timeout))
  }

  @Test("Losing the last endpoint is announced once, and so is its return")
  func interruption() throws {
    var machine = try pool([(100, 98), (100, 98)])
    var generator = SplitMix64(seed: 1)
    let lost = RPCError(.connectionLost, "gone")
    #expect(machine.down(0, lost, now: start, using: &generator) == [])
    #expect(machine.down(1, lost, now: start, using: &generator) == [.interrupted(lost)])
    #expect(machine.down(1, lost, now: start, using: &generator) == [])
    machine.connecting(0)
    _ = machine.sawBest(0, try head(101), now: start)
    #expect(machine.up(0, now: start) == [.resumed, .best(try head(101))])
  }

  @Test("Pauses are random between nothing and a bound that doubles up to its limit")
  func backOff() {
    let backOff = BackOff(base: .milliseconds(100), limit: .seconds(1))
    #expect(
      (0...6).map(backOff.bound(failures:))
        == [100, 100, 200, 400, 800, 1000, 1000].map { Duration.milliseconds($0) })
    #expect(backOff.bound(failures: .max) == .seconds(1))
    var generator = SplitMix64(seed: 3)
    let pauses = (0..<1000).map { _ in backOff.pause(failures: 3, using: &generator) / .milliseconds(400) }
    #expect(pauses.allSatisfy { 0...1 ~= $0 })
    #expect(pauses.min() ?? 1 < 0.1 && pauses.max() ?? 0 > 0.9)
    #expect(abs(pauses.reduce(0, +) / 1000 - 0.5) < 0.05)
  }

  @Test(
    "Only methods known to read are repeated",
    arguments: [
      ("state_getStorage", true), ("chain_getHeader", true), ("network_proofOfStake", true),
      ("system_health", true),
      ("chain_subscribeNewHeads", true), ("author_pendingExtrinsics", true),
      ("author_submitExtrinsic", false),
      ("author_submitAndWatchExtrinsic", false), ("author_rotateKeys", false),
      ("system_addReservedPeer", false),
      ("dev_newBlock", false), ("transaction_v1_broadcast", false), ("", false),
    ])
  func repeatable(_ method: String, _ expected: Bool) {
    #expect(RPCMethod.isRepeatable(method) == expected)
  }
}
