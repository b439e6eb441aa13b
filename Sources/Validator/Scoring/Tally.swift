/// Adds up what the probes of each node earned.
struct Tally {
  private struct Sum {
    var credit = WideSum()
    var accepted = 0
    var judged = 0
  }

  private var sums: [UInt32: Sum] = [:]

  init(_ judgements: [Judgement]) {
    for judgement in judgements where judgement.verdict.isConclusive {
      var sum = sums[judgement.subnetNodeID] ?? Sum()
      sum.credit.add(judgement.credit)
      sum.accepted += judgement.verdict == .accepted ? 1 : 0
      sum.judged += 1
      sums[judgement.subnetNodeID] = sum
    }
  }

  /// Each hoster's mean credit over its judged probes, rounded down; 0 if none could be judged.
  func scores(of evidence: Evidence, unprobedScore: UInt64) -> [NodeScore] {
    evidence.members.map { member in
      guard member.standing == .hoster else {
        return NodeScore(subnetNodeID: member.subnetNodeID, validatorPart: unprobedScore)
      }
      let sum = sums[member.subnetNodeID] ?? Sum()
      return NodeScore(
        subnetNodeID: member.subnetNodeID, hosterPart: sum.credit.divided(by: sum.judged), accepted: sum.accepted,
        judged: sum.judged)
    }
  }
}

/// A sum of words that can't overflow: 2^64 of them fit.
struct WideSum {
  private(set) var high: UInt64 = 0
  private(set) var low: UInt64 = 0

  mutating func add(_ value: UInt64) {
    let (sum, carries) = low.addingReportingOverflow(value)
    low = sum
    if carries { high &+= 1 }
  }

  /// Rounded down. The mean of words fits a word, so a sum of `count` of them does not overflow here.
  func divided(by count: Int) -> UInt64 {
    guard count > 0, high < UInt64(count) else { return 0 }
    return UInt64(count).dividingFullWidth((high, low)).quotient
  }
}
