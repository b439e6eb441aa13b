public import Substrate

/// Scores by equality: what most hosters answered is right. For tokens and other discrete outputs.
///
/// Answers to a probe are grouped by digest; the reference is the largest group, of equally large ones that with the
/// smallest subnet node id. A hoster gets 10^18 · accepted probes / judged probes, rounded down. Whoever serves nothing
/// gets a fixed score.
public struct AgreementPolicy: ScoringPolicy {
  public static let name = "agreement"
  public static let version = 1

  /// What a node gets that is not called: a validator that serves nothing, and this node itself. Out of 10^18.
  public let unprobedScore: UInt64

  public init(unprobedScore: UInt64 = NodeScore.one) {
    self.unprobedScore = min(unprobedScore, NodeScore.one)
  }

  public init(parameters: JSONValue) throws {
    var reader = try PolicyParameters(parameters, of: Self.name)
    unprobedScore = try reader.take("unprobed-score", default: NodeScore.one, in: 0...NodeScore.one)
    try reader.finish()
  }

  public var parameters: JSONValue { ["unprobed-score": .string("\(unprobedScore)")] }

  public func score(_ evidence: Evidence) -> ScoreSheet {
    let judgements = evidence.probes.flatMap { judge(evidence, $0) }
    return ScoreSheet(
      epoch: evidence.epoch, judgements: judgements,
      scores: Tally(judgements).scores(of: evidence, unprobedScore: unprobedScore))
  }

  private func judge(_ evidence: Evidence, _ probe: UInt16) -> [Judgement] {
    let outcomes = evidence.hosters.map { ($0.subnetNodeID, evidence.outcome($0, probe)) }
    // Members are in the order of their ids, so the first of each group is its smallest.
    var groups: [Digest32: (count: Int, first: UInt32)] = [:]
    for (id, outcome) in outcomes {
      guard let answer = outcome.answerToCompare else { continue }
      groups[answer.digest, default: (0, id)].count += 1
    }
    let reference = groups.max { ($0.value.count, $1.value.first) < ($1.value.count, $0.value.first) }?.key
    return outcomes.map { id, outcome in
      var (verdict, reason) = (outcome.verdict, outcome.reason)
      if let answer = outcome.answerToCompare {
        (verdict, reason) = answer.digest == reference ? (.accepted, .agrees) : (.rejected, .differs)
      }
      return Judgement(
        subnetNodeID: id, probe: probe, verdict: verdict, reason: reason,
        credit: verdict == .accepted ? NodeScore.one : 0)
    }
  }
}
