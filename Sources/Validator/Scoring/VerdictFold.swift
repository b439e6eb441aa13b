/// Makes one verdict of those that the validators revealed.
///
/// For each probe of each hoster, the verdict of more than half of those validators counts that could judge. If there
/// is none but more than half did not accept, it is the most frequent of the others, of equally frequent ones the first
/// in the order of spec/epoch.md §5; else nobody knows. A minority, however it colludes, moves no verdict.
public struct VerdictFold: Sendable {
  private struct Place: Hashable {
    let subnetNodeID: UInt32
    let probe: UInt16
  }

  private var counts: [Place: [Verdict: Int]] = [:]

  /// - Parameter ballots: one of each validator; a validator's verdicts on itself are left out.
  public init(_ ballots: [VerdictBallot]) {
    var voters: Set<UInt32> = []
    for ballot in ballots where voters.insert(ballot.statement.subnetNodeID).inserted {
      for entry in ballot.entries where entry.subnetNodeID != ballot.statement.subnetNodeID {
        guard entry.verdict.isConclusive else { continue }
        let place = Place(subnetNodeID: entry.subnetNodeID, probe: entry.probe)
        counts[place, default: [:]][entry.verdict, default: 0] += 1
      }
    }
  }

  /// The verdict on a probe, with `majority` or `divided` as its reason.
  public func outcome(subnetNodeID: UInt32, probe: UInt16) -> Evidence.Outcome {
    let votes = counts[Place(subnetNodeID: subnetNodeID, probe: probe)] ?? [:]
    let total = votes.values.reduce(0, +)
    if let verdict = votes.first(where: { 2 * $0.value > total })?.key { return Evidence.Outcome(verdict, .majority) }
    guard 2 * (votes[.accepted] ?? 0) < total,
      let verdict = votes.filter({ $0.key != .accepted })
        .max(by: { ($0.value, $1.key.ordinal) < ($1.value, $0.key.ordinal) })?.key
    else { return Evidence.Outcome(.inconclusive, .divided) }
    return Evidence.Outcome(verdict, .majority)
  }

  /// All hosters' folded verdicts as evidence.
  public func evidence(epoch: UInt32, nodes: [EpochNode], probes: [UInt16]) -> Evidence {
    Evidence(
      epoch: epoch,
      members: nodes.map { node in
        // What others say of this node counts like what they say of every other.
        let isJudged = node.standing == .hoster || probes.contains { isNamed(node.subnetNodeID, $0) }
        let outcomes = probes.map { ($0, outcome(subnetNodeID: node.subnetNodeID, probe: $0)) }
        return Evidence.Member(
          subnetNodeID: node.subnetNodeID, standing: isJudged ? .hoster : node.standing,
          outcomes: isJudged ? Dictionary(outcomes) { first, _ in first } : [:])
      })
  }

  private func isNamed(_ subnetNodeID: UInt32, _ probe: UInt16) -> Bool {
    counts[Place(subnetNodeID: subnetNodeID, probe: probe)] != nil
  }
}
