import BigInt
public import Substrate

/// The published formula: hosters earn by nearness to the mean answer, validators by nearness to the mean report.
///
/// A hoster's raw score is 1 / (1 + ‖answer − mean‖₂), and the hosters divide 0.4 among themselves in proportion. A
/// validator's is max(0.3 − err / (largest err + 10^-8), 0), where err is the distance of the scores it reported from
/// the mean of all reports, and the validators divide 0.6. All in integers; every division rounds down.
public struct MeanDistancePolicy: ScoringPolicy {
  public static let name = "mean-distance"
  public static let version = 1

  /// What is divided, out of 10^18.
  static let hosterShare: UInt64 = 400_000_000_000_000_000
  static let validatorShare: UInt64 = 600_000_000_000_000_000
  /// 0.3 and 10^-8, in 10^-18.
  private static let best: UInt64 = 300_000_000_000_000_000
  private static let smallest: UInt64 = 10_000_000_000
  private static let one = BigUInt(NodeScore.one)

  public init() {}

  public init(parameters: JSONValue) throws { try PolicyParameters(parameters, of: Self.name).finish() }

  public var parameters: JSONValue { [:] }

  public func score(_ evidence: Evidence) -> ScoreSheet {
    var judgements: [Judgement] = []
    // Sums over probes, in 10^-36.
    var raws: [UInt32: BigUInt] = [:]
    var (accepted, judged): ([UInt32: Int], [UInt32: Int]) = ([:], [:])
    for probe in evidence.probes {
      for (judgement, raw) in judge(evidence, probe) {
        judgements.append(judgement)
        guard judgement.verdict.isConclusive else { continue }
        raws[judgement.subnetNodeID, default: 0] += raw
        accepted[judgement.subnetNodeID, default: 0] += judgement.verdict == .accepted ? 1 : 0
        judged[judgement.subnetNodeID, default: 0] += 1
      }
    }
    for (id, count) in judged { raws[id] = (raws[id] ?? 0) / BigUInt(count) }
    let total = raws.values.reduce(BigUInt(0), +)
    let validators = validatorRaws(evidence)
    let validatorTotal = validators.values.reduce(BigUInt(0)) { $0 + BigUInt($1) }
    let scores = evidence.members.map { member in
      let id = member.subnetNodeID
      let raw = raws[id] ?? 0
      let validatorRaw = validators[id] ?? 0
      return NodeScore(
        subnetNodeID: id, hosterPart: Self.share(Self.hosterShare, raw, total), hosterRaw: UInt64(raw / Self.one),
        validatorPart: Self.share(Self.validatorShare, BigUInt(validatorRaw), validatorTotal),
        validatorRaw: validatorRaw, accepted: accepted[id] ?? 0, judged: judged[id] ?? 0)
    }
    return ScoreSheet(epoch: evidence.epoch, judgements: judgements, scores: scores)
  }

  private static func share(_ whole: UInt64, _ part: BigUInt, _ total: BigUInt) -> UInt64 {
    total == 0 ? 0 : UInt64(BigUInt(whole) * part / total)
  }

  private func judge(_ evidence: Evidence, _ probe: UInt16) -> [(Judgement, BigUInt)] {
    let outcomes = evidence.hosters.map { ($0.subnetNodeID, evidence.outcome($0, probe)) }
    let group = AnswerGroup(outcomes.compactMap { id, outcome in outcome.answerToCompare.map { (id, $0) } })
    let raws = Self.nearness(group)
    return outcomes.map { id, outcome in
      var (verdict, reason) = (outcome.verdict, outcome.reason)
      var raw = verdict == .accepted ? Self.one * Self.one : 0
      if let digest = outcome.answerToCompare?.digest {
        raw = raws[digest] ?? 0
        let fault = group.faults[digest] ?? .noReference
        (verdict, reason) =
          raws[digest] != nil
          ? (.accepted, .agrees) : (fault.verdicts.contains(.rejected) ? .rejected : .inconclusive, fault)
      }
      let judgement = Judgement(
        subnetNodeID: id, probe: probe, verdict: verdict, reason: reason, credit: UInt64(raw / Self.one))
      return (judgement, raw)
    }
  }

  /// 1 / (1 + distance from the mean) of each answer, in 10^-36.
  private static func nearness(_ group: AnswerGroup) -> [Digest32: BigUInt] {
    let count = BigInt(group.count)
    var sums = [BigInt](repeating: 0, count: group.width)
    for answer in group.answers.values {
      for (place, element) in answer.elements.enumerated() { sums[place] += BigInt(element) * BigInt(answer.count) }
    }
    // Distances are multiplied by the count, so that the mean stays whole, and by 2^32, as the elements are.
    let unit = (count * count).magnitude << (2 * FixedPoint.fractionBits)
    return group.answers.mapValues { answer in
      var squares = BigUInt(0)
      for (element, sum) in zip(answer.elements, sums) {
        let apart = (BigInt(element) * count - sum).magnitude
        squares += apart * apart
      }
      let distance = (squares * one * one / unit).squareRoot()
      return one * one * one / (one + distance)
    }
  }

  /// Out of 10^18, by subnet node id.
  private func validatorRaws(_ evidence: Evidence) -> [UInt32: UInt64] {
    let hosters = evidence.hosters.map(\.subnetNodeID)
    let members = Set(evidence.members.map(\.subnetNodeID))
    let reports = evidence.reports.filter { members.contains($0.subnetNodeID) }
    let count = BigInt(reports.count)
    let sums = hosters.map { id in reports.reduce(BigInt(0)) { $0 + BigInt($1.scores[id] ?? 0) } }
    let errors = reports.map { report in
      let squares = zip(hosters, sums).reduce(BigUInt(0)) { total, hoster in
        let apart = (BigInt(report.scores[hoster.0] ?? 0) * count - hoster.1).magnitude
        return total + apart * apart
      }
      return squares.squareRoot() / count.magnitude
    }
    let scale = (errors.max() ?? 0) + BigUInt(Self.smallest)
    return Dictionary(
      zip(reports, errors).map { report, error in
        let loss = error * Self.one / scale
        return (report.subnetNodeID, loss < BigUInt(Self.best) ? Self.best - UInt64(loss) : 0)
      }
    ) { first, _ in first }
  }
}
