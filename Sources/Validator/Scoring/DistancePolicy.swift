import BigInt
public import Substrate

/// Scores by distance from the middle: for outputs of floating-point numbers, which differ a little between machines.
///
/// The reference is, number for number, the median over the hosters (of an even count the lower of the two in the
/// middle), in fixed point. With d = Σ|x − r| / Σ|r|, a probe earns 10^18 up to `lowest`, nothing from `highest` on, and
/// linearly in between, rounded down.
public struct DistancePolicy: ScoringPolicy {
  public static let name = "distance"
  public static let version = 1

  /// The largest parameter: a distance of 1000.
  static let largestDistance: UInt64 = 1_000_000_000_000

  /// Up to this distance the full score, in 10^-9.
  public let lowest: UInt64
  /// From this distance on nothing, in 10^-9; above ``lowest``.
  public let highest: UInt64
  /// What a node gets that is not called, out of 10^18.
  public let unprobedScore: UInt64

  public init(parameters: JSONValue) throws {
    var reader = try PolicyParameters(parameters, of: Self.name)
    lowest = try reader.take("lowest", default: 1_000_000, in: 0...Self.largestDistance - 1)
    highest = try reader.take("highest", default: 100_000_000, in: 1...Self.largestDistance)
    unprobedScore = try reader.take("unprobed-score", default: NodeScore.one, in: 0...NodeScore.one)
    try reader.finish()
    guard lowest < highest else {
      throw ScoringError(.parameters, "lowest of \(Self.name) is not below highest")
    }
  }

  public var parameters: JSONValue {
    [
      "lowest": .string("\(lowest)"), "highest": .string("\(highest)"), "unprobed-score": .string("\(unprobedScore)"),
    ]
  }

  public func score(_ evidence: Evidence) -> ScoreSheet {
    let judgements = evidence.probes.flatMap { judge(evidence, $0) }
    return ScoreSheet(
      epoch: evidence.epoch, judgements: judgements,
      scores: Tally(judgements).scores(of: evidence, unprobedScore: unprobedScore))
  }

  private func judge(_ evidence: Evidence, _ probe: UInt16) -> [Judgement] {
    let outcomes = evidence.hosters.map { ($0.subnetNodeID, evidence.outcome($0, probe)) }
    let group = AnswerGroup(outcomes.compactMap { id, outcome in outcome.answerToCompare.map { (id, $0) } })
    let reference = Self.median(group)
    let credits = group.answers.mapValues { credit($0.elements, reference) }
    return outcomes.map { id, outcome in
      guard let digest = outcome.answerToCompare?.digest else {
        // Folded verdicts earn all or nothing.
        return Judgement(
          subnetNodeID: id, probe: probe, verdict: outcome.verdict, reason: outcome.reason,
          credit: outcome.verdict == .accepted ? NodeScore.one : 0)
      }
      if let credit = credits[digest] {
        return Judgement(
          subnetNodeID: id, probe: probe, verdict: credit > 0 ? .accepted : .rejected,
          reason: credit > 0 ? .agrees : .differs, credit: credit)
      }
      let fault = group.faults[digest] ?? .noReference
      return Judgement(
        subnetNodeID: id, probe: probe, verdict: fault.verdicts.contains(.rejected) ? .rejected : .inconclusive,
        reason: fault, credit: 0)
    }
  }

  /// Number for number, the value at place (n − 1) / 2 of all n answers in order.
  static func median(_ group: AnswerGroup) -> [Int64] {
    let answers = Array(group.answers.values)
    let middle = (group.count - 1) / 2
    var column: [(value: Int64, count: Int)] = answers.map { (0, $0.count) }
    return (0..<group.width).map { place in
      for (row, answer) in answers.enumerated() { column[row] = (answer.elements[place], answer.count) }
      var passed = 0
      for (value, count) in column.sorted(by: { $0.value < $1.value }) {
        passed += count
        if passed > middle { return value }
      }
      return 0
    }
  }

  private func credit(_ elements: [Int64], _ reference: [Int64]) -> UInt64 {
    var (apart, size) = (WideSum(), WideSum())
    for (element, middle) in zip(elements, reference) {
      apart.add(element > middle ? distance(middle, element) : distance(element, middle))
      size.add(middle.magnitude)
    }
    // d = apart / size; against a reference of zeros, everything but zeros is infinitely far.
    let scaled = apart.value * BigUInt(1_000_000_000)
    if scaled <= size.value * BigUInt(lowest) { return NodeScore.one }
    let end = size.value * BigUInt(highest)
    guard scaled < end else { return 0 }
    return UInt64(BigUInt(NodeScore.one) * (end - scaled) / (size.value * BigUInt(highest - lowest)))
  }

  /// `high - low`, which can be more than an `Int64` holds.
  private func distance(_ low: Int64, _ high: Int64) -> UInt64 { UInt64(bitPattern: high &- low) }
}

extension WideSum {
  var value: BigUInt { BigUInt(words: [UInt(high), UInt(low)].reversed()) }
}
