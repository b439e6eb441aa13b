public import Substrate

/// Whether a proposal states what this validator found, node by node.
public struct ScoreComparison: Sendable, Hashable {
  /// How far a proposal may be from the own scores.
  public enum Policy: Sendable, Hashable {
    /// Equal.
    case exact
    /// Every node's score differs by at most this much, out of 10^18.
    case tolerant(FixedU128)
  }

  /// A node whose scores are too far apart; nil where a list lacks it.
  public struct Difference: Sendable, Hashable {
    public let subnetNodeID: UInt32
    public let own: FixedU128?
    public let proposed: FixedU128?

    public init(subnetNodeID: UInt32, own: FixedU128?, proposed: FixedU128?) {
      self.subnetNodeID = subnetNodeID
      self.own = own
      self.proposed = proposed
    }
  }

  /// By subnet node id.
  public let differences: [Difference]
  /// What is wrong with the proposal itself, whatever the own scores are.
  public let faults: [ScoreList.Fault]

  /// Whether the proposal may be attested to. Two empty lists agree.
  public var agrees: Bool { differences.isEmpty && faults.isEmpty }

  public init(own: ScoreList, proposed: ScoreList, policy: Policy = .exact) {
    let mine = Dictionary(own.scores.map { ($0.subnetNodeID, $0.score) }) { first, _ in first }
    let theirs = Dictionary(proposed.scores.map { ($0.subnetNodeID, $0.score) }) { first, _ in first }
    differences = Set(mine.keys).union(theirs.keys).sorted().compactMap { id in
      if let own = mine[id], let other = theirs[id], Self.agree(own, other, policy) { return nil }
      return Difference(subnetNodeID: id, own: mine[id], proposed: theirs[id])
    }
    // What both leave out is a matter of the members, not of this proposal.
    faults = proposed.faults.filter { !own.faults.contains($0) }
  }

  private static func agree(_ own: FixedU128, _ other: FixedU128, _ policy: Policy) -> Bool {
    switch policy {
    case .exact: own == other
    case .tolerant(let most): max(own, other).value - min(own, other).value <= most.value
    }
  }
}
