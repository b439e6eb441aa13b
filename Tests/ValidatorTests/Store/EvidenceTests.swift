import Foundation
import Protocols
import Substrate
import Testing

@testable import Validator

@Suite("Evidence in the database")
struct EvidenceTests {
  private let folder: TemporaryFolder
  private let store: Store

  init() throws {
    folder = try TemporaryFolder()
    store = try Store.open(folder.file("validator.sqlite"))
  }

  @Test("D-16 a full epoch comes back as it was seen")
  func roundTrip() async throws {
    try await Sample.fill(store, 7)
    #expect(try await store.epoch(7) == Sample.epoch(7))
    #expect(try await store.epoch(8) == nil)
    let nodes = try await store.nodes(7)
    #expect(nodes == [1, 2, 3, 4, 5].map { Sample.node($0) } + [Sample.node(100, .own)])
    let probes = try await store.probes(7)
    #expect(try probes == [ProbeTensor(probe: 0, source: .chain, tensor: Sample.tokens(7, 8))])
    let seen = try await store.observations(7)
    #expect(seen.map(\.subnetNodeID) == [1, 2, 3, 3, 4, 5])
    #expect(seen.map(\.attempt) == [1, 1, 1, 2, 1, 1])
    #expect(seen[2].verdict == .absent && seen[2].reason == .deadline && seen[2].answer == nil)
    #expect(try seen[0].answer?.digest == Sample.tokens(1, 2, 3).digest)
    #expect(seen[0].firstMessage == 1_200 && seen[0].total == 5_000 && seen[0].peerID == Sample.peer(1))
    // What a hoster wrote can't move a terminal's cursor.
    #expect(seen[5].detail == "busy\\u{1B}[2J")
    #expect(try await store.observations(7, node: 3).count == 2)
    try store.close()
  }

  @Test("D-13 scores made again from a copy of the database are the same bytes; a changed row is found")
  func recomputation() async throws {
    try await Sample.fill(store, 7)
    let sheet = try await Sample.score(store, 7)
    #expect(sheet.scores.map(\.score) == [NodeScore.one, NodeScore.one, NodeScore.one, 0, 0, NodeScore.one])
    #expect(sheet.judgements.map(\.reason) == [.agrees, .agrees, .agrees, .differs, .error])
    let copy = folder.file("copy.sqlite")
    try await store.backup(to: copy)
    let other = try Store.open(copy)
    let again = try #require(try await other.recompute(7))
    #expect(again.isIdentical && again.sheet == sheet)
    #expect(try await other.recompute(8) == nil)
    try await other.write { database in
      try database.execute(
        sql:
          "UPDATE observations SET answer_digest = (SELECT answer_digest FROM observations WHERE subnet_node_id = 4) WHERE subnet_node_id = 2"
      )
    }
    let changed = try #require(try await other.recompute(7))
    #expect(!changed.isIdentical && changed.differences == [2])
    try other.close()
    try store.close()
  }

  @Test("Scores are never changed: the same may be stored again, others are refused")
  func scoresStay() async throws {
    try await Sample.fill(store, 7)
    try await Sample.score(store, 7)
    try await Sample.score(store, 7)
    let other = ScoreSheet(epoch: 7, judgements: [], scores: [NodeScore(subnetNodeID: 1)])
    let error = await #expect(throws: StoreError.self) {
      try await store.record(other, by: AgreementPolicy(), agreement: "own-view", evidence: .sha256([]), block: 1)
    }
    #expect(error?.code == "store.conflict")
    try store.close()
  }

  @Test("Observations of unknown nodes and second records of one attempt are refused as a whole batch")
  func conflicts() async throws {
    try await store.open(Sample.epoch(1), nodes: [Sample.node(1)])
    for batch in [
      [Sample.observation(1, 1), Sample.observation(1, 2)], [Sample.observation(1, 1), Sample.observation(1, 1)],
      [Sample.observation(1, 1), Sample.observation(2, 1)],
    ] {
      let error = await #expect(throws: StoreError.self) { try await store.record(batch) }
      #expect(error?.code == "store.conflict")
      #expect(try await store.observations(1).isEmpty)
    }
    try store.close()
  }

  @Test("An answer beyond the limit leaves its digest: agreement is judged, distance is not")
  func longAnswer() async throws {
    try await store.open(Sample.epoch(1), nodes: [Sample.node(1), Sample.node(2)])
    let long = try #require(Answer(.uint8, shape: [64], bytes: [UInt8](repeating: 1, count: 64)))
    var options = StoreOptions()
    options.answerBytes = 63
    try await store.record([1, 2].map { Sample.observation(1, $0, answer: long) }, options: options)
    let evidence = try await store.ownEvidence(1)
    #expect(AgreementPolicy().score(evidence).scores.map(\.score) == [NodeScore.one, NodeScore.one])
    let distance = try ScoringPolicies().make("distance").score(evidence)
    #expect(distance.judgements.map(\.reason) == [.notKept, .notKept] && !distance.isConclusive)
    try store.close()
  }

  @Test("A proposal is kept in its order, at any size of its numbers, and the newest view counts")
  func submissions() async throws {
    try await store.open(Sample.epoch(1), nodes: [])
    func record(_ attestations: [UInt32: UInt64]) -> SubmissionRecord {
      SubmissionRecord(
        epoch: 1, proposer: 3, block: 24, usesQueueOptions: true, voters: 5,
        scores: [(9, 0), (1, .max), (9, 5)].map { .init(subnetNodeID: $0.0, score: FixedU128($0.1)) },
        attestations: attestations)
    }
    try await store.record(record([3: 24]))
    try await store.record(record([3: 24, 4: 25]))
    #expect(try await store.submission(1) == record([3: 24, 4: 25]))
    #expect(try await store.submission(2) == nil)
    try store.close()
  }

  @Test("D-15 the first promise of an epoch stays, also after a restart, and can be opened")
  func promises() async throws {
    let first = try await store.promise(Commitment(payload: [1, 2]), epoch: 5, role: .hoster)
    let second = try await store.promise(Commitment(payload: [3]), epoch: 5, role: .hoster)
    #expect(second == first && first.committedAt == nil)
    try await store.markOwnCommitment(5, role: .hoster, committedAt: 101)
    try store.close()
    let again = try Store.open(folder.file("validator.sqlite"))
    let kept = try #require(try await again.ownCommitment(5, role: .hoster))
    #expect(kept.commitment == first.commitment && kept.committedAt == 101 && kept.revealedAt == nil)
    #expect(try await again.ownCommitment(5, role: .validator) == nil)
    // Whatever code asks, what was promised does not change.
    await #expect(throws: StoreError.self) {
      try await again.write { try $0.execute(sql: "UPDATE own_commits SET payload = x'00'") }
    }
    try again.close()
  }

  @Test("S9 a reveal counts if it opens the first commit; there is no second try")
  func reveals() async throws {
    let promise = Commitment(payload: [1, 2, 3])
    func reveal(_ node: UInt32, _ commitment: Commitment) async throws -> Bool? {
      try await store.recordReveal(epoch: 5, role: .validator, subnetNodeID: node, reveal: commitment, block: 30)
    }
    for node: UInt32 in [1, 2] {
      try await store.recordCommit(epoch: 5, role: .validator, subnetNodeID: node, digest: promise.digest, block: 20)
      try await store.recordCommit(epoch: 5, role: .validator, subnetNodeID: node, digest: .sha256([9]), block: 21)
    }
    #expect(try await reveal(1, promise) == true)
    #expect(try await reveal(2, Commitment(payload: [1, 2, 3])) == false)
    #expect(try await reveal(2, promise) == false)
    #expect(try await reveal(3, promise) == nil)
    #expect(try await store.openedReveals(5, role: .validator) == [OpenedReveal(subnetNodeID: 1, payload: [1, 2, 3])])
    #expect(try await store.openedReveals(5, role: .hoster).isEmpty)
    try store.close()
  }

  @Test("Evidence by commit and reveal is the majority's, and is the same for all who saw the reveals")
  func revealed() async throws {
    try await store.bind(to: Sample.identity)
    try await Sample.fill(store, 7)
    let sheet = AgreementPolicy().score(try await store.ownEvidence(7))
    // Node 4 votes against everybody; node 5 reveals nonsense.
    for voter: UInt32 in [1, 2, 3, 4, 5] {
      let judgements =
        voter == 4
        ? sheet.judgements.map {
          Judgement(subnetNodeID: $0.subnetNodeID, probe: $0.probe, verdict: .rejected, reason: .differs, credit: 0)
        }
        : sheet.judgements
      let statement = Statement(
        genesisHash: Sample.identity.genesisHash, subnetID: Sample.identity.subnetID, epoch: 7, subnetNodeID: voter)
      let ballot = VerdictBallot(statement, judgements)
      let promise = Commitment(payload: voter == 5 ? [1, 2, 3] : ballot.payload)
      try await store.recordCommit(epoch: 7, role: .validator, subnetNodeID: voter, digest: promise.digest, block: 1)
      let opens = try await store.recordReveal(
        epoch: 7, role: .validator, subnetNodeID: voter, reveal: promise, block: 2)
      #expect(opens == true)
    }
    let evidence = try await RevealedVerdicts(store, identity: Sample.identity).evidence(for: 7)
    let folded = AgreementPolicy().score(evidence)
    #expect(folded.scores.prefix(5).map(\.score) == [NodeScore.one, NodeScore.one, NodeScore.one, 0, 0])
    try await store.record(
      folded, by: AgreementPolicy(), agreement: RevealedVerdicts.name, evidence: evidence.digest, block: 9)
    #expect(try await store.recompute(7)?.isIdentical == true)
    try store.close()
  }
}
