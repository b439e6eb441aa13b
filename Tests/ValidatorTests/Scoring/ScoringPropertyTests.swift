import Substrate
import Testing

@testable import Validator

@Suite("Properties of the scores")
struct ScoringPropertyTests {
  private static let policies: [any ScoringPolicy] = ["agreement", "distance", "mean-distance"].compactMap {
    try? ScoringPolicies().make($0)
  }

  private static func floats(_ values: [Float]) throws -> AnswerDigest {
    let bytes = values.flatMap { littleEndian($0.bitPattern) }
    return AnswerDigest(try #require(Answer(.float32, shape: [values.count], bytes: bytes)))
  }

  private static func outcome(_ random: inout SplitMix64) throws -> Evidence.Outcome {
    switch UInt8.random(in: 0..<8, using: &random) {
    case 0: Evidence.Outcome(.absent, .deadline)
    case 1: Evidence.Outcome(.inconclusive, .ownFault)
    case 2:
      Evidence.Outcome(
        .accepted, .answered,
        answer: try floats((0..<3).map { _ in Float(bitPattern: UInt32.random(in: .min ... .max, using: &random)) }))
    default:
      Evidence.Outcome(
        .accepted, .answered, answer: try floats([1, 2, [3, 3, 3.01, 9].randomElement(using: &random) ?? 3]))
    }
  }

  private static func evidence(_ random: inout SplitMix64) throws -> [Evidence.Member] {
    try (0..<UInt32.random(in: 0...12, using: &random)).map { _ in
      var outcomes: [UInt16: Evidence.Outcome] = [:]
      for probe in 0..<UInt16.random(in: 0...4, using: &random) { outcomes[probe] = try outcome(&random) }
      return Evidence.Member(
        subnetNodeID: .random(in: 0...40, using: &random),
        standing: [.hoster, .hoster, .hoster, .validator, .own].randomElement(using: &random) ?? .hoster,
        outcomes: outcomes)
    }
  }

  @Test("D-13 order does not matter, nobody gets more than 10^18, everybody is listed once", arguments: 0..<60)
  func orderAndBounds(_ seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let members = try Self.evidence(&random)
    var unique: [UInt32: Evidence.Member] = [:]
    for member in members where unique[member.subnetNodeID] == nil { unique[member.subnetNodeID] = member }
    for policy in Self.policies {
      let sheet = policy.score(Evidence(epoch: 1, members: Array(unique.values)))
      for _ in 0..<3 {
        let other = Evidence(epoch: 1, members: unique.values.shuffled(using: &random))
        #expect(policy.score(other) == sheet)
        #expect(policy.score(other).digest == sheet.digest)
      }
      #expect(sheet.scores.map(\.subnetNodeID) == unique.keys.sorted())
      #expect(sheet.scores.allSatisfy { $0.score <= NodeScore.one && $0.accepted <= $0.judged })
      #expect(sheet.judgements.allSatisfy { $0.reason.verdicts.contains($0.verdict) })
    }
  }

  @Test("One more right answer never lowers a score, one more wrong answer never raises it", arguments: 0..<20)
  func monotonicity(_ seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let right = try Self.floats([1, 2, 3])
    let wrong = try Self.floats([900, -900, 900])
    let honest = (1...4).map { id in
      Evidence.Member(
        subnetNodeID: id, standing: .hoster,
        outcomes: Dictionary(uniqueKeysWithValues: (0..<6).map { ($0, .init(.accepted, .answered, answer: right)) }))
    }
    for name in ["agreement", "distance"] {
      let policy = try ScoringPolicies().make(name)
      func score(_ answers: [Bool?]) -> UInt64 {
        var outcomes: [UInt16: Evidence.Outcome] = [:]
        for (probe, isRight) in answers.enumerated() {
          outcomes[UInt16(probe)] =
            isRight.map { .init(.accepted, .answered, answer: $0 ? right : wrong) } ?? .init(.absent, .deadline)
        }
        let member = Evidence.Member(subnetNodeID: 9, standing: .hoster, outcomes: outcomes)
        return policy.score(Evidence(epoch: 1, members: honest + [member])).scores.last?.score ?? 0
      }
      var answers: [Bool?] = (0..<6).map { _ in [true, false, nil].randomElement(using: &random) ?? nil }
      let before = score(answers)
      let place = Int.random(in: 0..<6, using: &random)
      answers[place] = true
      #expect(score(answers) >= before)
      answers[place] = false
      #expect(score(answers) <= before)
    }
  }

  @Test("S11 however a minority colludes, the honest majority keeps the full score", arguments: 1...4)
  func collusion(_ liars: Int) throws {
    let honest = liars + 1
    for name in ["agreement", "distance"] {
      let policy = try ScoringPolicies().make(name)
      // The liars have the smallest ids, which would win a tie.
      for lie: [Float] in [[1, 2, 4], [.nan, 0, 0], [1e9, 1e9, 1e9], []] {
        let members = try (0..<UInt32(liars + honest)).map { id in
          Evidence.Member(
            subnetNodeID: id, standing: .hoster,
            outcomes: [
              0: .init(.accepted, .answered, answer: try Self.floats(id < UInt32(liars) ? lie : [1, 2, 3]))
            ])
        }
        let scores = policy.score(Evidence(epoch: 1, members: members)).scores
        #expect(scores.suffix(honest).allSatisfy { $0.score == NodeScore.one })
        #expect(scores.prefix(liars).allSatisfy { $0.score == 0 })
      }
    }
  }

  @Test("S11 half of the hosters can't be told from the other half: the smallest id decides, the same everywhere")
  func half() throws {
    let members = try (1...4).map { id in
      Evidence.Member(
        subnetNodeID: id, standing: .hoster,
        outcomes: [0: .init(.accepted, .answered, answer: AnswerDigest(try Sample.tokens(id % 2 == 0 ? 5 : 6)))])
    }
    let scores = AgreementPolicy().score(Evidence(epoch: 1, members: members)).scores.map(\.score)
    #expect(scores == [NodeScore.one, 0, NodeScore.one, 0])
  }

  @Test("Latency and attempts don't enter a score")
  func irrelevance() async throws {
    let folder = try TemporaryFolder()
    var digests: Set<Digest32> = []
    for delay: UInt64 in [1, 1_000_000] {
      let store = try Store.open(folder.file("\(delay).sqlite"))
      try await store.open(Sample.epoch(1), nodes: [Sample.node(1)])
      let answer = AnswerDigest(try Sample.tokens(1))
      try await store.record([
        Observation(
          epoch: 1, subnetNodeID: 1, probe: 0, attempt: delay == 1 ? 1 : 2, peerID: Sample.peer(1),
          requestDigest: .sha256([1]), verdict: .accepted, reason: .answered, answer: answer, firstMessage: delay,
          total: delay, block: delay)
      ])
      digests.insert(try await store.ownEvidence(1).digest)
      try store.close()
    }
    #expect(digests.count == 1)
  }

  @Test("Parameters that a policy does not take are refused by name")
  func parameters() throws {
    let policies = ScoringPolicies()
    for (name, parameters): (String, JSONValue) in [
      ("agreement", ["unprobed-score": "1000000000000000001"]), ("agreement", ["nonsense": 1]), ("agreement", [1]),
      ("distance", ["lowest": 5, "highest": 5]), ("distance", ["lowest": -1]), ("distance", ["highest": "0x10"]),
      ("mean-distance", ["lowest": 5]), ("nonsense", [:]),
    ] {
      #expect(throws: ScoringError.self, "\(name) \(parameters)") { try policies.make(name, parameters: parameters) }
    }
    for policy in Self.policies {
      let again = try policies.make(type(of: policy).name, version: 1, parameters: policy.parameters)
      #expect(again.parameters == policy.parameters)
      #expect(throws: ScoringError.self) { try policies.make(type(of: policy).name, version: 2) }
    }
  }

  @Test("S11 the fold follows the majority of those who could judge, and no minority moves it")
  func fold() throws {
    func ballot(_ voter: UInt32, _ verdict: Verdict?) -> VerdictBallot {
      VerdictBallot(
        Statement(genesisHash: Sample.hash(1), subnetID: 1, epoch: 1, subnetNodeID: voter),
        verdict.map { [Judgement(subnetNodeID: 7, probe: 0, verdict: $0, reason: .agrees, credit: 0)] } ?? [])
    }
    func fold(_ verdicts: Verdict?...) -> Evidence.Outcome {
      VerdictFold(verdicts.enumerated().map { ballot(UInt32($0.offset) + 100, $0.element) })
        .outcome(subnetNodeID: 7, probe: 0)
    }
    #expect(fold(.accepted, .accepted, .rejected) == .init(.accepted, .majority))
    #expect(fold(.accepted, .rejected, .rejected) == .init(.rejected, .majority))
    #expect(fold(.accepted, .rejected) == .init(.inconclusive, .divided))
    #expect(fold(.accepted, .inconclusive, nil) == .init(.accepted, .majority))
    #expect(fold(.rejected, .absent, .accepted) == .init(.rejected, .majority))
    #expect(fold() == .init(.inconclusive, .divided))
    // One voter with many ballots has one vote, and none on itself.
    let stuffed = VerdictFold(
      [ballot(1, .accepted)] + (0..<5).map { _ in ballot(2, .rejected) } + [ballot(3, .accepted)])
    #expect(stuffed.outcome(subnetNodeID: 7, probe: 0).verdict == .accepted)
    #expect(VerdictFold([ballot(7, .accepted)]).outcome(subnetNodeID: 7, probe: 0).verdict == .inconclusive)
  }
}
