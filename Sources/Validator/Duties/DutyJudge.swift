import Substrate

/// Says what there is to sign for a duty, or why nothing is. It looks at the chain's state and at the database only.
/// Source: spec/epoch.md §8, spec/chain.md §10.
struct DutyJudge: Sendable {
  /// What there is to sign for a duty.
  enum Decision: Sendable, Hashable {
    case states(HypertensorCall, Digest32)
    /// The chain has it already, with this journal's signature.
    case done
    case not(MissReason, String? = nil)
  }

  let store: Store
  let subnetID: UInt32
  let settings: DutySettings

  /// What the elected node proposes: its scores of the epoch before.
  func proposal(
    _ node: SubnetNode, _ epoch: UInt32, _ outlook: ConsensusOutlook, _ record: DutyRecord
  ) async throws -> Decision {
    if let proposal = outlook.proposal {
      return proposal.record.proposer == node.voterID && record.signature != nil ? .done : .not(.alreadyDone)
    }
    guard outlook.elected == node.id else { return .not(.notElected) }
    // Early or not at all: others have to check and attest (spec/chain.md §10, rule 2).
    guard !outlook.position.isPast(EpochWindow(after: nil, through: settings.proposeUntil)) else {
      return .not(.tooLate)
    }
    let (scores, why) = try await ownScores(before: epoch, members: outlook.members)
    guard let scores else { return .not(.noScores, why) }
    guard scores.scores.contains(where: { $0.score > 0 }) else { return .not(.noScores, "all scores are zero") }
    guard try await !reachedNobody(in: epoch - 1) else {
      return .not(.noScores, "none of several hosters could be reached: look for the fault on this side")
    }
    let call = try HypertensorCall.proposeAttestation(
      subnet: subnetID, node: node.id, scores: scores.scores)
    return .states(call, scores.digest)
  }

  /// What the other nodes agree with, after they have checked it.
  func attestation(
    _ node: SubnetNode, _ epoch: UInt32, _ outlook: ConsensusOutlook, _ record: DutyRecord
  ) async throws -> Decision {
    guard let proposal = outlook.proposal else { return .not(outlook.elected == node.id ? .notElected : .noProposal) }
    try await store.record(proposal.record)
    if proposal.record.attestations[node.voterID] != nil {
      return record.signature != nil ? .done : .not(.alreadyDone)
    }
    guard !proposal.record.usesQueueOptions else { return .not(.queueOptions) }
    guard proposal.voters.contains(node.voterID), outlook.emergency?.contains(node.id) ?? true else {
      return .not(.notInValidatorList)
    }
    let (scores, why) = try await ownScores(before: epoch, members: proposal.members)
    guard let scores else { return .not(.noScores, why) }
    let proposed = ScoreList(proposal.record.scores, members: proposal.members, repeats: outlook.repeats)
    let comparison = ScoreComparison(own: scores, proposed: proposed, policy: settings.comparison)
    guard comparison.faults.isEmpty else {
      return .not(.faultyProposal, comparison.faults.prefix(3).map { "\($0)" }.joined(separator: ", "))
    }
    guard comparison.agrees else {
      let nodes = comparison.differences.map { "\($0.subnetNodeID)" }.prefix(16).joined(separator: ", ")
      return .not(.differsFromProposal, "nodes \(nodes)")
    }
    return .states(.attest(subnet: subnetID, node: node.id), proposed.digest)
  }

  /// Whether all hosters of an epoch, several of them, were absent. More likely than that they all failed is that this
  /// validator was cut off; then the others saw more, and would not attest.
  private func reachedNobody(in epoch: UInt32) async throws -> Bool {
    guard let judgements = try await store.scores(epoch)?.sheet.judgements else { return false }
    return Set(judgements.map(\.subnetNodeID)).count > 1 && judgements.allSatisfy { $0.verdict == .absent }
  }

  /// The own scores of the epoch before, as they go on chain: every member once, nodes that were not there then with 0.
  ///
  /// - Returns: nil, and why, if there are none, or if a hoster could not be judged: then this validator does not know
  ///   what the others have found, and a wrong proposal costs stake.
  private func ownScores(before epoch: UInt32, members: Set<UInt32>) async throws -> (ScoreList?, String) {
    guard epoch > 0, let stored = try await store.scores(epoch - 1) else {
      return (nil, "no scores of the epoch before")
    }
    let hosters = Set(try await store.nodes(epoch - 1).filter { $0.standing == .hoster }.map(\.subnetNodeID))
    // Who left since is in no proposal, whatever it did.
    let unjudged = stored.sheet.scores.filter {
      members.contains($0.subnetNodeID) && hosters.contains($0.subnetNodeID) && $0.judged == 0
    }
    guard unjudged.isEmpty else {
      return (nil, "nodes not judged: \(unjudged.prefix(16).map { "\($0.subnetNodeID)" }.joined(separator: ", "))")
    }
    let known = ScoreList(stored.sheet, members: members).scores
    let newcomers = members.subtracting(known.map(\.subnetNodeID))
      .map { ConsensusSubmission.Score(subnetNodeID: $0, score: 0) }
    return (ScoreList(known + newcomers, members: members, repeats: .keepLowest), "")
  }
}
