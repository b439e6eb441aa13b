import Substrate

/// What became of one subnet epoch on chain.
struct DevNetEpoch: Sendable, Hashable {
  let epoch: UInt32
  let elected: UInt32?
  /// Nil while nothing is proposed.
  var proposal: Proposal?
  /// What stakes gained and lost in the block that settled the epoch, by node id; nil while it is not settled.
  var settlement: [Settlement]?

  struct Proposal: Sendable, Hashable {
    let proposer: UInt32
    let block: UInt64
    /// The part of the reward that is left to the proposer.
    let rewardFactor: FixedU128
    /// The block in which each node attested; the proposer's is that of the proposal.
    let attestations: [UInt32: UInt64]
    let voters: Int
    let scores: [UInt32: FixedU128]

    /// Attestations in hundredths of a percent of the voters.
    var ratio: Int { voters == 0 ? 0 : attestations.count * 10_000 / voters }
  }

  struct Settlement: Sendable, Hashable {
    let node: UInt32
    let before: Planck
    let after: Planck
  }

  /// Two of three voters are more than the 66 % that the chain wants.
  static let neededRatio = 6600

  /// The epoch whose scores are proposed in this one.
  var scored: UInt32 { epoch - min(1, epoch) }

  /// Whether the chain settled it and paid for it.
  var hasConsensus: Bool { settlement != nil && (proposal?.ratio ?? 0) >= Self.neededRatio }

  /// What all nodes together gained, in TENSOR; nothing if they lost.
  var rewards: Planck {
    let (before, after) = (settlement ?? []).reduce(into: (UInt128(0), UInt128(0))) {
      $0.0 += $1.before.value
      $0.1 += $1.after.value
    }
    return Planck(after > before ? after - before : 0)
  }
}

extension DevNetEpoch.Proposal {
  init(_ submission: ConsensusSubmission, epoch: UInt32) {
    proposer = submission.proposer
    block = submission.block
    rewardFactor = submission.rewardFactor
    attestations = submission.attestations.mapValues(\.block)
    voters = submission.validatorIDs?.count ?? submission.nodes.count { $0.has(.validator, at: epoch) }
    scores = Dictionary(submission.scores.map { ($0.subnetNodeID, $0.score) }) { first, _ in first }
  }
}
