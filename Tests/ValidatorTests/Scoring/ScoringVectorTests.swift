import Substrate
import Testing

@testable import Validator

@Suite("Scores against the oracle")
struct ScoringVectorTests {
  @Test("D-13 all scores, verdicts and digests are those of exact arithmetic", arguments: ScoringVectors.all)
  func vectors(_ vector: ScoringVectors.Case) throws {
    let evidence = try vector.evidence()
    let sheet = try vector.scoringPolicy().score(evidence)
    #expect(evidence.digest.description == vector.evidenceDigest)
    try #require(sheet.scores.count == vector.scores.count)
    for (score, expected) in zip(sheet.scores, vector.scores) {
      #expect(score.subnetNodeID == expected.id)
      #expect("\(score.hosterPart)" == expected.hosterPart, "node \(expected.id)")
      #expect("\(score.hosterRaw)" == expected.hosterRaw, "node \(expected.id)")
      #expect("\(score.validatorPart)" == expected.validatorPart, "node \(expected.id)")
      #expect("\(score.validatorRaw)" == expected.validatorRaw, "node \(expected.id)")
      #expect([score.accepted, score.judged] == [expected.accepted, expected.judged], "node \(expected.id)")
    }
    try #require(sheet.judgements.count == vector.judgements.count)
    for (judgement, expected) in zip(sheet.judgements, vector.judgements) {
      #expect((judgement.subnetNodeID, judgement.probe) == (expected.id, expected.probe))
      #expect((judgement.verdict, judgement.reason) == (expected.verdict, expected.reason), "node \(expected.id)")
      #expect("\(judgement.credit)" == expected.credit, "node \(expected.id)")
    }
    #expect(sheet.digest.description == vector.scoresDigest)
  }

  @Test("The vectors are there")
  func present() throws { #expect(try ScoringVectors.load().cases.count >= 38) }

  @Test("The published example gives the published shares")
  func publishedExample() throws {
    let vector = try #require(try ScoringVectors.load().cases.first { $0.name == "the published example" })
    let scores = try vector.scoringPolicy().score(vector.evidence()).scores.map(\.score)
    #expect(scores == [153_846_153_846_153_846, 153_846_153_846_153_846, 92_307_692_307_692_307])
  }

  @Test("A commitment opens with its own salt and payload only")
  func commitment() throws {
    let vector = try ScoringVectors.load().commitment
    let statement = try Self.statement(vector)
    let digest = try #require(Hex.decode(vector.answerDigest).flatMap { Digest32($0) })
    let payload = statement.payload(answer: digest)
    #expect(Hex.encodeUnprefixed(payload) == vector.payload)
    let promise = try #require(Commitment(salt: Hex.decode(vector.salt) ?? [], payload: payload))
    #expect(promise.digest.description == vector.digest)
    #expect(promise.opens(promise.digest))
    #expect(!Commitment(payload: payload).opens(promise.digest))
    #expect(statement.answer(in: payload) == digest)
    for other in [
      Statement(genesisHash: statement.genesisHash, subnetID: 1, epoch: 42, subnetNodeID: 7),
      Statement(genesisHash: statement.genesisHash, subnetID: 128_001, epoch: 43, subnetNodeID: 7),
      Statement(genesisHash: statement.genesisHash, subnetID: 128_001, epoch: 42, subnetNodeID: 8),
    ] { #expect(other.answer(in: payload) == nil) }
  }

  @Test("A ballot has one encoding, and only that is read")
  func ballot() throws {
    let vector = try ScoringVectors.load().commitment
    let statement = try Self.statement(vector)
    let judgements = vector.verdicts.map {
      Judgement(subnetNodeID: $0.id, probe: $0.probe, verdict: $0.verdict, reason: .agrees, credit: 0)
    }
    let ballot = VerdictBallot(statement, judgements.reversed())
    #expect(Hex.encodeUnprefixed(ballot.payload) == vector.ballot)
    #expect(try VerdictBallot(ballot.payload, expecting: statement) == ballot)
    let payload = ballot.payload
    for cut in 0..<payload.count {
      #expect(throws: ScoringError.self) { try VerdictBallot(Array(payload[..<cut]), expecting: statement) }
    }
    #expect(throws: ScoringError.self) { try VerdictBallot(payload + [0], expecting: statement) }
    // Two entries exchanged, and a verdict that does not exist.
    let start = payload.count - 7 * judgements.count
    var swapped = payload
    swapped.replaceSubrange(start..<start + 14, with: payload[start + 7..<start + 14] + payload[start..<start + 7])
    #expect(throws: ScoringError.self) { try VerdictBallot(swapped, expecting: statement) }
    var unknown = payload
    unknown[start + 6] = 6
    #expect(throws: ScoringError.self) { try VerdictBallot(unknown, expecting: statement) }
  }

  private static func statement(_ vector: ScoringVectors.Promise) throws -> Statement {
    Statement(
      genesisHash: try #require(BlockHash(hex: "0x" + vector.genesisHash)), subnetID: vector.subnetId,
      epoch: vector.epoch, subnetNodeID: vector.subnetNodeId)
  }
}
