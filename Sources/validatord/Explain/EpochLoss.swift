import Substrate
import Validator

/// What an epoch cost this validator, and why (spec/chain.md §6, §10).
struct EpochLoss: Sendable, Hashable {
  /// In TENSOR; nil where it can't be said.
  let amount: Planck?
  let text: String

  /// What follows from what the chain says.
  ///
  /// - Parameters:
  ///   - own: this validator's node.
  ///   - settlement: the chain's part.
  ///   - duties: the duties of the epoch, which say why one was not done.
  static func all(own: UInt32, _ settlement: EpochSettlement, _ duties: [EpochAccount.DutyCourse]) -> [EpochLoss] {
    guard let submission = settlement.submission else {
      return withoutProposal(own: own, settlement, duties) + reputation(settlement.outcome)
    }
    let voters = submission.voterCount(in: settlement.epoch)
    let isAgreed = hasConsensus(submission.attestations.count, of: voters, settlement.parameters)
    var losses: [EpochLoss] = []
    if settlement.isOwnProposal {
      if isAgreed {
        losses += latePropose(submission, settlement.parameters)
      } else {
        losses.append(slash(settlement.outcome))
        losses.append(EpochLoss(amount: settlement.parameters.baseReward, text: "the proposer's reward was not paid"))
      }
    }
    if !isAgreed {
      losses.append(
        EpochLoss(
          amount: nil,
          text: "\(submission.attestations.count) of \(voters) attested, too few: nobody was paid for the epoch"))
    }
    // Submissions of generation C name validators, not their nodes, and a node that was in none has no name there.
    guard let voter = settlement.ownVoter else {
      losses.append(
        EpochLoss(
          amount: 0,
          text: "node \(own) was not active in the subnet when the scores were proposed: nothing was taken from it, or "
            + "paid to it"))
      return losses + reputation(settlement.outcome)
    }
    guard isAgreed else { return losses + reputation(settlement.outcome) }
    if let attestation = submission.attestations[voter] {
      if voter != submission.proposer, attestation.rewardFactor < .one {
        losses.append(lateAttest(attestation, submission, settlement.outcome))
      }
    } else {
      losses.append(
        EpochLoss(
          amount: 0,
          text: "this node did not attest\(reason(.attest, duties)): no stake is lost, and reputation only where "
            + "\(settlement.parameters.superMajority.percent) or more did"))
    }
    return losses + reputation(settlement.outcome)
  }

  /// What the block that settled it took from the node's reputation, by its events.
  private static func reputation(_ outcome: EpochSettlement.Outcome?) -> [EpochLoss] {
    guard let outcome, let change = outcome.reputationChange, change.after < change.before else { return [] }
    return [
      EpochLoss(
        amount: nil,
        text:
          "the node's reputation fell from \(change.before.percent) to \(change.after.percent) in block \(change.block)"
      )
    ]
  }

  private static func withoutProposal(
    own: UInt32, _ settlement: EpochSettlement, _ duties: [EpochAccount.DutyCourse]
  ) -> [EpochLoss] {
    guard settlement.elected == own else {
      return settlement.elected == nil
        ? [EpochLoss(amount: 0, text: "nobody was elected, so nobody could be paid")]
        : [EpochLoss(amount: nil, text: "the elected node proposed nothing: nobody was paid for the epoch")]
    }
    return [
      EpochLoss(
        amount: settlement.parameters.baseReward,
        text:
          "this node was elected and proposed nothing\(reason(.propose, duties)): the proposer's reward, and 5 % of "
          + "the reputations of the node and its subnet"),
      EpochLoss(amount: nil, text: "nobody in the subnet was paid for the epoch"),
    ]
  }

  private static func latePropose(_ submission: ConsensusSubmission, _ parameters: ConsensusParameters) -> [EpochLoss] {
    let lost = product(
      parameters.baseReward, FixedU128(FixedU128.one.value - min(FixedU128.one, submission.rewardFactor).value))
    guard lost > 0 else { return [] }
    return [
      EpochLoss(
        amount: lost,
        text:
          "proposed in block \(submission.block), where \(submission.rewardFactor.percent) of the proposer's reward "
          + "were left")
    ]
  }

  /// What was paid is the part that the factor left.
  private static func lateAttest(
    _ attestation: ConsensusSubmission.Attestation, _ submission: ConsensusSubmission,
    _ outcome: EpochSettlement.Outcome?
  ) -> EpochLoss {
    let late = attestation.block - min(attestation.block, submission.block)
    let text =
      "attested \(late) blocks after the proposal, where \(attestation.rewardFactor.percent) of its part were left"
    guard let outcome, attestation.rewardFactor.value > 0 else { return EpochLoss(amount: nil, text: text) }
    let paid = outcome.stakeAfter.saturatingSubtracting(outcome.stakeBefore)
    let whole = quotient(paid, attestation.rewardFactor)
    return EpochLoss(amount: whole.saturatingSubtracting(paid), text: text)
  }

  private static func slash(_ outcome: EpochSettlement.Outcome?) -> EpochLoss {
    EpochLoss(
      amount: outcome.map { $0.slash ?? $0.stakeBefore.saturatingSubtracting($0.stakeAfter) },
      text: "slashed\(outcome.map { " in block \($0.block)" } ?? "") for a proposal that too few attested to")
  }

  private static func hasConsensus(_ attestations: Int, of voters: Int, _ parameters: ConsensusParameters) -> Bool {
    guard voters > 0 else { return false }
    let ratio = FixedU128(UInt128(attestations) * FixedU128.one.value / UInt128(voters))
    return ratio >= parameters.minimumAttestation
  }

  private static func reason(_ duty: Duty, _ duties: [EpochAccount.DutyCourse]) -> String {
    guard let record = duties.first(where: { $0.record.key.duty == duty })?.record else { return "" }
    let reason = record.state.reason ?? record.state.name
    return " (\(reason)\(record.detail.map { ": \($0)" } ?? ""))"
  }

  /// `amount · ratio`, rounded down.
  private static func product(_ amount: Planck, _ ratio: FixedU128) -> Planck {
    let wide = amount.value.multipliedFullWidth(by: ratio.value)
    guard wide.high < FixedU128.one.value else { return amount }
    return Planck(FixedU128.one.value.dividingFullWidth(wide).quotient)
  }

  /// `amount / ratio` for a ratio of one at most, rounded down.
  private static func quotient(_ amount: Planck, _ ratio: FixedU128) -> Planck {
    let wide = amount.value.multipliedFullWidth(by: FixedU128.one.value)
    guard wide.high < ratio.value else { return amount }
    return Planck(ratio.value.dividingFullWidth(wide).quotient)
  }
}
