import Foundation
import Protocols
import Substrate
import Testing

@testable import Validator

/// What the Python oracle computed: Tests/Interop/validator/scoring_oracle.py.
struct ScoringVectors: Decodable {
  struct Case: Decodable, Sendable, CustomTestStringConvertible {
    struct Outcome: Decodable {
      var probe: UInt16
      var verdict: Verdict
      var reason: VerdictReason
      var answer: AnswerVector?
    }
    struct AnswerVector: Decodable {
      var dtype: String
      var shape: [Int]
      var bytes: String
    }
    struct Member: Decodable {
      var id: UInt32
      var standing: EpochNode.Standing
      var outcomes: [Outcome]
    }
    struct Report: Decodable {
      struct Score: Decodable {
        var id: UInt32
        var score: String
      }
      var id: UInt32
      var scores: [Score]
    }
    struct Judged: Decodable {
      var id: UInt32
      var probe: UInt16
      var verdict: Verdict
      var reason: VerdictReason
      var credit: String
    }
    struct Score: Decodable {
      var id: UInt32
      var hosterPart: String
      var hosterRaw: String
      var validatorPart: String
      var validatorRaw: String
      var accepted: Int
      var judged: Int
    }

    var name: String
    var policy: String
    var parameters: [String: String]
    var epoch: UInt32
    var members: [Member]
    var reports: [Report]
    var judgements: [Judged]
    var scores: [Score]
    var evidenceDigest: String
    var scoresDigest: String

    var testDescription: String { name }
  }

  struct Tensor: Decodable, Sendable {
    var genesisHash: String
    var subnetId: UInt32
    var epoch: UInt32
    var firstBlockHash: String
    var vocabulary: UInt32
    var length: Int
    var probe: UInt16
    var seed: String
    var tokens: [Int64]
  }

  struct Promise: Decodable, Sendable {
    struct Entry: Decodable {
      var id: UInt32
      var probe: UInt16
      var verdict: Verdict
    }
    var genesisHash: String
    var subnetId: UInt32
    var epoch: UInt32
    var subnetNodeId: UInt32
    var salt: String
    var answerDigest: String
    var payload: String
    var digest: String
    var verdicts: [Entry]
    var ballot: String
    var ballotDigest: String
  }

  var cases: [Case]
  var consensusTensors: [Tensor]
  var commitment: Promise

  /// Empty if the file can't be read, which ``load()`` then tells.
  static let all = (try? load().cases) ?? []

  static func load() throws -> ScoringVectors {
    let file = Repository.root.appending(path: "Tests/Vectors/scoring.json")
    return try JSONDecoder().decode(ScoringVectors.self, from: Data(contentsOf: file))
  }
}

extension ScoringVectors.Case {
  func evidence() throws -> Evidence {
    let members = try members.map { member in
      Evidence.Member(
        subnetNodeID: member.id, standing: member.standing,
        outcomes: Dictionary(
          try member.outcomes.map { outcome in
            let answer = try outcome.answer.map { vector in
              let type = try #require(DataType(rawValue: vector.dtype))
              let bytes = try #require(Hex.decode(vector.bytes))
              return try #require(Answer(type, shape: vector.shape, bytes: bytes))
            }
            return (
              outcome.probe, Evidence.Outcome(outcome.verdict, outcome.reason, answer: answer.map(AnswerDigest.init))
            )
          }
        ) { first, _ in first })
    }
    let reports = try reports.map { report in
      Evidence.Report(
        subnetNodeID: report.id,
        scores: Dictionary(try report.scores.map { ($0.id, try #require(UInt64($0.score))) }) { first, _ in first })
    }
    return Evidence(epoch: epoch, members: members, reports: reports)
  }

  func scoringPolicy() throws -> any ScoringPolicy {
    try ScoringPolicies().make(policy, parameters: .object(parameters.mapValues { .string($0) }))
  }
}
