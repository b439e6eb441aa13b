import LibP2P
import Protocols
import Substrate
import Synchronization
import Testing

@testable import Validator

@Suite("The validator on a simulated chain")
struct EngineTests {
  @Test(
    "D-10 D-14 D-16 four validators and a hoster: called, scored, proposed, attested, finalized; all databases agree")
  func consensus() async throws {
    let subnet = try await EngineSubnet()
    try subnet.serve(5, SumBackend())
    let members = try await subnet.start(1...4)
    let start = try await subnet.position().epoch
    var done: UInt32?
    // Node 5 may be elected and proposes nothing; then the next epoch does.
    for epoch in start..<start + 4 {
      try await subnet.advanceToScores(of: epoch, seenBy: members)
      try await subnet.advance(to: epoch + 1, 0, seenBy: members)
      let best = try await subnet.client.best().subnet(EngineSubnet.subnetID)
      guard let elected = try await best.electedValidator(epoch: epoch + 1), elected != 5 else { continue }
      try await subnet.reachConsensus(in: epoch + 1, of: 4, seenBy: members)
      let submission = try #require(try await subnet.submission(epoch + 1))
      #expect(submission.proposer == elected)
      #expect(submission.scores.map(\.subnetNodeID) == [1, 2, 3, 4, 5])
      #expect(submission.scores.allSatisfy { $0.score == .one })
      done = epoch + 1
      break
    }
    let epoch = try #require(done)
    try await subnet.advance(to: epoch + 1, 1, seenBy: members)
    for member in members {
      try await eventually("the duty of node \(member.id) is final") {
        let duties = try await SubmissionJournal(member.store).duties(epoch: epoch)
        return duties.contains { $0.state.name == "finalized" }
      }
      try await eventually("node \(member.id) keeps the submission") {
        try await member.store.submission(epoch)?.attestations.count == 4
      }
      #expect(try await member.store.recompute(epoch - 1)?.isIdentical == true)
      let nodes = try await member.store.nodes(epoch - 1)
      #expect(nodes.first { $0.subnetNodeID == 5 }?.standing == .hoster)
      #expect(nodes.first { $0.subnetNodeID == member.id }?.standing == .own)
      #expect(nodes.count { $0.standing == .validator } == 3)
      #expect(try await member.store.observations(epoch - 1).map(\.verdict) == [.accepted])
      #expect(member.engine.health?.isOwnHotkey == true)
    }
    await subnet.close(members)
  }

  @Test("D-10 one validator and three hosters, one of which lies: the honest ones are equal, the liar is lower")
  func liar() async throws {
    let subnet = try await EngineSubnet()
    try subnet.serve(2, nil)
    try subnet.serve(3, SumBackend())
    try subnet.serve(4, SumBackend())
    try subnet.serve(5, SumBackend(lie: 1))
    let member = try await subnet.start(1)
    let epoch = try await subnet.position().epoch
    try await subnet.advanceToScores(of: epoch, seenBy: [member])
    let sheet = try #require(try await member.store.scores(epoch)).sheet
    let scores = Dictionary(uniqueKeysWithValues: sheet.scores.map { ($0.subnetNodeID, $0.score) })
    #expect(scores[3] == 1_000_000_000_000_000_000 && scores[4] == scores[3] && scores[5] == 0, "\(scores)")
    let answers = try await member.store.observations(epoch)
    #expect(Set(answers.map(\.subnetNodeID)) == [3, 4, 5] && answers.allSatisfy { $0.verdict == .accepted })
    #expect(sheet.judgements.first { $0.subnetNodeID == 5 }?.verdict == .rejected)
    #expect(try await member.store.recompute(epoch)?.isIdentical == true)
    await subnet.close([member])
  }

  @Test(
    "D-11 hosters come from the chain's class Included and up: who only announces itself, or waits in the queue, is not asked"
  )
  func candidates() async throws {
    let subnet = try await EngineSubnet()
    try subnet.serve(5, SumBackend())
    let (stranger, waiting) = (Eavesdropper(), Eavesdropper())
    let unknown = try PrivateKey.generate(.ed25519).peerID
    try subnet.serve(as: unknown, stranger)
    // The recorded subnet's sixth node is registered and not yet let in.
    try subnet.serve(as: subnet.peer(6), waiting)
    let member = try await subnet.start(1)
    let epoch = try await subnet.position().epoch
    try await subnet.advanceToScores(of: epoch, seenBy: [member])
    let roster = try #require(member.feed.moment?.roster)
    #expect(roster.node(6).map { !$0.has(.included, at: epoch) } == true)
    let included = Set(roster.nodes.filter { $0.has(.included, at: epoch) }.map(\.peer.peerID))
    let known = try await member.store.nodes(epoch)
    #expect(Set(known.map(\.peerID)) == included)
    #expect(!included.contains(unknown.description))
    #expect(stranger.calls == 0 && waiting.calls == 0)
    #expect(try await member.store.observations(epoch).contains { $0.subnetNodeID == 5 && $0.verdict == .accepted })
    await subnet.close([member])
  }

  @Test("§9 a slash and a loss of reputation are alarms with amount and block, once; in the next epoch they are over")
  func slashed() async throws {
    let subnet = try await EngineSubnet()
    for id in 2...4 as ClosedRange<UInt32> { try subnet.serve(id, nil) }
    try subnet.serve(5, SumBackend())
    let member = try await subnet.start(1)
    try await subnet.elect(1)
    // Nobody attests to what it proposes.
    let epoch = try await subnet.advanceToElection(of: 1...1, seenBy: [member])
    try await subnet.reachConsensus(in: epoch, of: 1, seenBy: [member])
    #expect(member.engine.health?.slash == nil)
    // The next proposal is not this node's, and never made.
    try await subnet.elect(2)
    try await subnet.advance(to: epoch + 1, 0, seenBy: [member])
    let block = try await subnet.client.best().number
    try await eventually("the slash is seen") { member.engine.health?.slash?.block == block }
    let health = try #require(member.engine.health)
    // One of five attested: the most that is taken at once.
    #expect(health.slash?.amount == Planck(tensor: "1"))
    #expect(health.alarms(since: nil).contains(.slashed) && !health.alarms(since: nil).contains(.lostStake))
    // δ of 5 % for the proposer and of 10 % for the attestor, where δ = 1 − 1/5 / 0.66 (spec/chain.md §6).
    let change = try #require(health.reputationChange)
    let delta = 1 - 0.2 / 0.66
    #expect(change.before == .one && change.block == block)
    #expect(abs(Double(change.after.value) / 1e18 - (1 - 0.05 * delta) * (1 - 0.1 * delta)) < 1e-6)
    #expect(change.after == health.reputation && health.alarms(since: nil).contains(.lostReputation))
    try await subnet.advance(to: epoch + 2, 0, seenBy: [member])
    try await eventually("the next look") { member.engine.health.map { $0.block > block && $0.slash == nil } == true }
    // The epoch's elected node proposed nothing, which costs others nothing.
    #expect(member.engine.health?.alarms(since: nil).contains(.lostReputation) == false)
    await subnet.close([member])
  }

  @Test("D-15 an engine that is stopped after the calls proposes or attests what it had found; nothing is asked twice")
  func restart() async throws {
    let (subnet, stopped, epoch) = try await EngineSubnet.scored()
    // Node 5 would propose nothing.
    try await subnet.elect(1)
    for member in stopped { await member.stop() }
    let members = try await subnet.start(1...4)
    try await subnet.advance(to: epoch, 13, seenBy: members)
    try await subnet.advance(to: epoch + 1, 0, seenBy: members)
    for member in members {
      #expect(try await member.store.observations(epoch).count == 1)
      #expect(try await member.store.scores(epoch) != nil)
    }
    let best = try await subnet.client.best().subnet(EngineSubnet.subnetID)
    #expect(try await best.electedValidator(epoch: epoch + 1) == 1)
    try await subnet.reachConsensus(in: epoch + 1, of: 4, seenBy: members)
    await subnet.close(members)
  }

  @Test("S17 a second signer with the same key stops the one that does not know its signatures, and keeps it stopped")
  func doppelganger() async throws {
    let (subnet, members, epoch) = try await EngineSubnet.scored()
    try await subnet.advance(to: epoch, 13, seenBy: members)
    // The same key on another machine: its database has neither scores nor signatures.
    let twin = try await subnet.start(1, database: "twin")
    let watched = Task { try await twin.running.value }
    let isStopped = Mutex(false)
    let stop = Task {
      _ = await watched.result
      isStopped.withLock { $0 = true }
    }
    // The first epoch with a proposal shows it what its key does.
    while !isStopped.withLock({ $0 }) {
      try #require(try await subnet.position().epoch < epoch + 4, "the twin was not stopped")
      twin.looks.age()
      try await subnet.makeBlock(seenBy: members)
      try await subnet.rest(members + [twin], in: subnet.position().epoch)
    }
    await stop.value
    await #expect {
      try await watched.value
    } throws: { ($0 as? ProtectionError)?.kind == .hold }
    #expect(try await SubmissionJournal(twin.store).holds().map(\.kind) == [.doppelganger])
    await twin.stop()
    let again = try await subnet.start(1, database: "twin")
    await #expect {
      try await again.running.value
    } throws: { ($0 as? ProtectionError)?.kind == .hold }
    await again.stop()
    await subnet.close(members)
  }
}

/// Counts who asks it.
private final class Eavesdropper: Servicer, InferenceProcedures {
  static let className = "InferenceProtocol"
  private let count = Mutex(0)

  var calls: Int { count.withLock { $0 } }

  var handlers: [RPCHandler] {
    [
      Self.rpcInfo.handler { _, _ in
        self.count.withLock { $0 += 1 }
        return NodeInformation(version: "1", role: .hoster).message
      },
      Self.rpcInferenceStream.handler { _, _, writer in
        self.count.withLock { $0 += 1 }
        try await writer.write(InferenceResponseAuth())
      },
    ]
  }
}
