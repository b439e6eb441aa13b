import Substrate
import Testing

@testable import Validator

@Suite("What a validator signs, and what it does not")
struct DutyJudgeTests {
  private let folder: TemporaryFolder
  private let store: Store
  private let own = SimulatedSubnet.node(100)
  private static let members: Set<UInt32> = [1, 2, 3, 4, 5, 100]
  private static let one = FixedU128.one

  /// Epoch 6 is scored: 1, 2, 3 and the own node have all, the liar 4 and the silent 5 nothing.
  init() async throws {
    folder = try TemporaryFolder()
    store = try Store.open(folder.file("validator.sqlite"))
    try await store.bind(to: Sample.identity)
    try await Sample.fill(store, 6)
    try await Sample.score(store, 6)
    try await store.open(Sample.epoch(7), nodes: [])
  }

  private func judge(_ change: (inout DutySettings) -> Void = { _ in }) -> DutyJudge {
    var settings = DutySettings()
    change(&settings)
    return DutyJudge(store: store, subnetID: Sample.identity.subnetID, settings: settings)
  }

  private func record(_ duty: Duty) -> DutyRecord {
    DutyRecord(
      key: DutyKey(Sample.identity, nodeID: 100, epoch: 7, duty: duty), progress: DutyProgress(), signature: nil,
      detail: nil)
  }

  private func signed(_ duty: Duty) throws -> DutyRecord {
    DutyRecord(
      key: DutyKey(Sample.identity, nodeID: 100, epoch: 7, duty: duty), progress: DutyProgress(),
      signature: .init(extrinsic: try Signatures.make(1), content: .sha256([1]), signedAt: 5), detail: nil)
  }

  private func outlook(
    into: UInt64 = 1, elected: UInt32? = 100, _ proposal: ConsensusOutlook.Proposal? = nil,
    emergency: Set<UInt32>? = nil, members: Set<UInt32> = members
  ) -> ConsensusOutlook {
    ConsensusOutlook(
      block: 143 + into, position: EpochPosition(epoch: 7, into: into, length: 20), elected: elected,
      proposal: proposal, emergency: emergency, isPaused: false, balance: 1, members: members, repeats: .dropAdjacent)
  }

  private static func list(_ scores: [(UInt32, FixedU128)]) -> [ConsensusSubmission.Score] {
    scores.map { ConsensusSubmission.Score(subnetNodeID: $0.0, score: $0.1) }
  }

  private static let right = list([(1, one), (2, one), (3, one), (4, 0), (5, 0), (100, one)])

  private func proposal(
    _ scores: [ConsensusSubmission.Score] = right, by proposer: UInt32 = 1, queue: Bool = false,
    attested: [UInt32: UInt64] = [1: 144], voters: Set<UInt32> = members, members: Set<UInt32> = members
  ) -> ConsensusOutlook.Proposal {
    ConsensusOutlook.Proposal(
      record: SubmissionRecord(
        epoch: 7, proposer: proposer, block: 144, usesQueueOptions: queue, voters: voters.count, scores: scores,
        attestations: attested), voters: voters, members: members)
  }

  private func attest(_ outlook: ConsensusOutlook, _ judge: DutyJudge? = nil) async throws -> String {
    Self.name(try await (judge ?? self.judge()).attestation(own, 7, outlook, record(.attest)))
  }

  private static func name(_ decision: DutyJudge.Decision) -> String {
    switch decision {
    case .states: "signs"
    case .done: "done"
    case .not(let reason, _): reason.rawValue
    }
  }

  @Test("D-14 the elected node states its scores of the epoch before, in ascending order, each node once")
  func proposes() async throws {
    let decision = try await judge().proposal(own, 7, outlook(), record(.propose))
    let call = try HypertensorCall.proposeAttestation(
      subnet: Sample.identity.subnetID, node: 100, scores: Self.right)
    #expect(decision == .states(call, ScoreList(Self.right, members: Self.members, repeats: .keepLowest).digest))
  }

  @Test("A node that joined since gets nothing, one that left is not named: leaving one out would cost it reputation")
  func members() async throws {
    let decision = try await judge().proposal(
      own, 7, outlook(members: [1, 2, 3, 4, 6, 100]), record(.propose))
    let scores = Self.list([(1, .one), (2, .one), (3, .one), (4, 0), (6, 0), (100, .one)])
    #expect(
      decision
        == .states(
          try HypertensorCall.proposeAttestation(subnet: Sample.identity.subnetID, node: 100, scores: scores),
          ScoreList(scores, members: [1, 2, 3, 4, 6, 100], repeats: .keepLowest).digest))
  }

  @Test("§10 no proposal by another, late, without scores, or where one is already")
  func proposesNot() async throws {
    func decide(_ outlook: ConsensusOutlook, _ epoch: UInt32 = 7) async throws -> String {
      Self.name(try await judge().proposal(own, epoch, outlook, record(.propose)))
    }
    #expect(try await decide(outlook(elected: 1)) == "not-elected")
    #expect(try await decide(outlook(into: 10)) == "signs")
    #expect(try await decide(outlook(into: 11)) == "too-late")
    #expect(try await decide(outlook(), 9) == "no-scores")
    #expect(try await decide(outlook(), 0) == "no-scores")
    #expect(try await decide(outlook(proposal(by: 1))) == "already-done")
    #expect(try await decide(outlook(proposal(by: 100))) == "already-done")
    let decision = try await judge().proposal(own, 7, outlook(proposal(by: 100)), signed(.propose))
    #expect(decision == .done)
  }

  @Test("An epoch in which a hoster could not be judged is neither proposed nor attested to: others know more")
  func incomplete() async throws {
    try await store.open(Sample.epoch(8), nodes: [1, 2].map { Sample.node($0) } + [Sample.node(100, .own)])
    try await store.record(
      [
        Sample.observation(8, 1, answer: try Sample.tokens(1)),
        Sample.observation(8, 2, verdict: .inconclusive, reason: .ownFault),
      ])
    try await Sample.score(store, 8)
    let decision = try await judge().proposal(
      own, 9, outlook(members: [1, 2, 100]), record(.propose))
    #expect(decision == .not(.noScores, "nodes not judged: 2"))
    // One that has left since is in no proposal, and nobody's score rests on it.
    let without = try await judge().proposal(own, 9, outlook(members: [1, 100]), record(.propose))
    #expect(Self.name(without) == "signs")
  }

  @Test("A validator that reached none of several hosters proposes nothing: others saw more, and a slash costs stake")
  func cutOff() async throws {
    for (epoch, verdict, reason) in [(UInt32(8), Verdict.absent, VerdictReason.unreachable), (10, .refused, .error)] {
      try await store.open(Sample.epoch(epoch), nodes: [1, 2].map { Sample.node($0) } + [Sample.node(100, .own)])
      let absent = Sample.observation(epoch, 1, verdict: .absent, reason: .deadline)
      try await store.record([absent, Sample.observation(epoch, 2, verdict: verdict, reason: reason)])
      try await Sample.score(store, epoch)
      let decision = try await judge().proposal(own, epoch + 1, outlook(members: [1, 2, 100]), record(.propose))
      #expect(Self.name(decision) == (verdict == .absent ? "no-scores" : "signs"))
    }
  }

  @Test("D-14 an attestor agrees with equal scores, and says why it does not agree with others")
  func attests() async throws {
    #expect(try await attest(outlook(elected: 1, proposal())) == "signs")
    #expect(try await attest(outlook(elected: 1)) == "no-proposal")
    let wrong = Self.list([(1, .one), (2, .one), (3, .one), (4, .one), (5, 0), (100, .one)])
    #expect(try await attest(outlook(elected: 1, proposal(wrong))) == "differs-from-proposal")
    let twice = Self.list([(1, .one), (2, .one), (1, .one), (3, .one), (4, 0), (5, 0), (100, .one)])
    #expect(try await attest(outlook(elected: 1, proposal(twice))) == "faulty-proposal")
    let foreign = Self.right + Self.list([(9, .one)])
    #expect(try await attest(outlook(elected: 1, proposal(foreign))) == "faulty-proposal")
    #expect(try await attest(outlook(elected: 1, proposal(Self.right.dropLast()))) == "faulty-proposal")
    #expect(try await attest(outlook(elected: 1, proposal([]))) == "faulty-proposal")
    let huge = Self.right.dropLast() + Self.list([(100, FixedU128(.max))])
    #expect(try await attest(outlook(elected: 1, proposal(Array(huge)))) == "faulty-proposal")
    #expect(try await attest(outlook(elected: 1, proposal(queue: true))) == "queue-options")
    #expect(try await attest(outlook(elected: 1, proposal(voters: [1, 2, 3]))) == "not-in-validator-list")
    #expect(try await attest(outlook(elected: 1, proposal(), emergency: [1, 2])) == "not-in-validator-list")
    #expect(try await attest(outlook(elected: 1, proposal(), emergency: [1, 100])) == "signs")
    #expect(try await attest(outlook(elected: 1, proposal(attested: [1: 144, 100: 145]))) == "already-done")
    let done = try await judge().attestation(
      own, 7, outlook(elected: 1, proposal(attested: [100: 145])), signed(.attest))
    #expect(done == .done)
    #expect(try await store.submission(7)?.proposer == 1)
  }

  @Test("With a tolerance, scores may be apart by so much and no more")
  func tolerance() async throws {
    let near = Self.list([(1, FixedU128(FixedU128.one.value - 5)), (2, .one), (3, .one), (4, 5), (5, 0), (100, .one)])
    let five = judge { $0.comparison = .tolerant(5) }
    let four = judge { $0.comparison = .tolerant(4) }
    #expect(try await attest(outlook(elected: 1, proposal(near)), five) == "signs")
    #expect(try await attest(outlook(elected: 1, proposal(near)), four) == "differs-from-proposal")
    #expect(try await attest(outlook(elected: 1, proposal(near))) == "differs-from-proposal")
  }
}
