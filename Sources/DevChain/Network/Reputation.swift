import Substrate

/// How reputations move: towards 1 or towards 0 by a part of the way that is left.
enum Reputation {
  static func increased(_ reputation: UInt128, by factor: UInt128) -> UInt128 {
    let gain = FixedPoint.multiply(
      FixedPoint.one.saturatingSubtracting(reputation), min(factor, FixedPoint.one))
    return min(reputation.saturatingAdding(gain), FixedPoint.one)
  }

  static func decreased(_ reputation: UInt128, by factor: UInt128) -> UInt128 {
    reputation.saturatingSubtracting(FixedPoint.multiply(reputation, min(factor, FixedPoint.one)))
  }
}

extension Runtime {
  /// Raises a node's reputation, if it has one on record, and gives the raised one in any case.
  mutating func increaseReputation(_ subnet: UInt32, _ node: UInt32, from reputation: UInt128, by factor: UInt128)
    -> UInt128
  {
    let increased = Reputation.increased(reputation, by: factor)
    let slot = Network.items.subnetNodeReputation(subnet, node)
    if storage.contains(slot) {
      storage[slot] = increased
      deposit(Network.index, Network.events.nodeReputationUpdate(subnet, node, reputation, increased))
    }
    return increased
  }

  @discardableResult
  mutating func decreaseReputation(_ subnet: UInt32, _ node: UInt32, from reputation: UInt128, by factor: UInt128)
    -> UInt128
  {
    let decreased = Reputation.decreased(reputation, by: factor)
    storage[Network.items.subnetNodeReputation(subnet, node)] = decreased
    deposit(Network.index, Network.events.nodeReputationUpdate(subnet, node, reputation, decreased))
    return decreased
  }

  /// Moves the reputation of the coldkey whose node proposed: up in consensus, else down; the further from the needed
  /// ratio, the more.
  mutating func judgeColdkey(_ coldkey: AccountID, attestation ratio: UInt128, needed: UInt128) {
    let slot = Network.items.coldkeyReputation(coldkey)
    guard var reputation = storage.stored(slot) else { return }
    let rises = ratio >= needed
    guard rises ? reputation.score < FixedPoint.one : reputation.score > 0 else { return }
    let factor =
      rises
      ? storage[Network.items.coldkeyReputationIncreaseFactor()]
      : storage[Network.items.coldkeyReputationDecreaseFactor()]
    // Saturates, as the chain's own does, for distances above 34 %.
    let change =
      (rises ? ratio - needed : needed - ratio)
      .saturatingMultiplying(factor)
      .saturatingMultiplying(
        FixedPoint.one.saturatingMultiplying(FixedPoint.one) / reputation.score.saturatingAdding(1))
      / FixedPoint.one / FixedPoint.one
    let score =
      rises
      ? min(reputation.score.saturatingAdding(change), FixedPoint.one)
      : reputation.score.saturatingSubtracting(change)
    guard score != reputation.score else { return }
    reputation.score = score
    if rises { reputation.totalIncreases &+= 1 } else { reputation.totalDecreases &+= 1 }
    reputation.lastValidatorEpoch = epoch
    if reputation.startEpoch == 0 { reputation.startEpoch = epoch }
    let judged = UInt128(reputation.totalIncreases.saturatingAdding(reputation.totalDecreases))
    reputation.averageAttestation =
      judged <= 1
      ? ratio : reputation.averageAttestation.saturatingMultiplying(judged - 1).saturatingAdding(ratio) / judged
    storage[slot] = reputation
  }
}
