public import Substrate

/// Scores as they go on chain, brought into the one form in which two lists can be compared.
///
/// Source: spec/chain.md §10, rules 5 and 6.
public struct ScoreList: Sendable, Hashable {
  /// What a runtime does with a node that is listed more than once.
  public enum Repeats: Sendable, Hashable {
    /// Generations A and B: only a repeat right behind the first is dropped. One elsewhere stays in the sum and cuts
    /// everybody's pay.
    case dropAdjacent
    /// Generation C: the lowest score counts.
    case keepLowest
  }

  /// What is wrong with a list.
  public enum Fault: Sendable, Hashable {
    /// A node that is listed more than once.
    case repeated(UInt32)
    /// A node that must not be in the list.
    case foreign(UInt32)
    /// A node that must be, and would lose reputation.
    case missing(UInt32)
    /// The sum of the scores does not fit in 128 bits.
    case overflow
  }

  /// By subnet node id, each once; only nodes that may be in the list.
  public let scores: [ConsensusSubmission.Score]
  /// Empty for a list that the chain takes as it is meant.
  public let faults: [Fault]

  /// - Parameter members: the nodes that have to be in the list: those of class Included or Validator.
  public init(_ scores: [ConsensusSubmission.Score], members: Set<UInt32>, repeats: Repeats) {
    var faults: [Fault] = []
    var kept: [UInt32: FixedU128] = [:]
    var previous: UInt32?
    var sum = WideTotal()
    for entry in scores {
      let id = entry.subnetNodeID
      defer { previous = id }
      if repeats == .dropAdjacent && previous == id { continue }
      sum.add(entry.score)
      if let first = kept[id] {
        faults.append(.repeated(id))
        if repeats == .keepLowest && entry.score < first { kept[id] = entry.score }
      } else {
        kept[id] = entry.score
        if !members.contains(id) { faults.append(.foreign(id)) }
      }
    }
    faults += members.subtracting(kept.keys).sorted().map(Fault.missing)
    if sum.overflows { faults.append(.overflow) }
    self.faults = faults
    self.scores = kept.filter { members.contains($0.key) }.sorted { $0.key < $1.key }
      .map { ConsensusSubmission.Score(subnetNodeID: $0.key, score: $0.value) }
  }

  /// The list that a validator proposes.
  public init(_ sheet: ScoreSheet, members: Set<UInt32>) {
    let scores = sheet.scores.map { score in
      ConsensusSubmission.Score(subnetNodeID: score.subnetNodeID, score: FixedU128(UInt128(score.score)))
    }
    self.init(scores, members: members, repeats: .keepLowest)
  }

  /// SHA-256 of "validatord/proposal/1" ‖ subnet node id (u32 LE) and score (u128 LE) of each node.
  public var digest: Digest32 {
    var bytes = Array("validatord/proposal/1".utf8)
    for entry in scores { bytes += littleEndian(entry.subnetNodeID) + littleEndian(entry.score.value) }
    return .sha256(bytes)
  }
}

/// A sum that remembers whether it left 128 bits.
private struct WideTotal {
  private var total = FixedU128(0)
  private(set) var overflows = false

  mutating func add(_ value: FixedU128) {
    let (sum, overflow) = total.value.addingReportingOverflow(value.value)
    total = FixedU128(sum)
    overflows = overflows || overflow
  }
}
