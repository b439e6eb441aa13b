import Substrate

/// Rewards and penalties for an epoch, given in the first block of the next one (spec/chain.md §6).
extension Runtime {
  /// Settles what was, or was not, proposed for `epoch`.
  ///
  /// - Parameters:
  ///   - now: the subnet's epoch that begins.
  ///   - emissions: what the network pays to all subnets, in planck.
  ///   - weight: the subnet's part of it, out of 10^18.
  mutating func settle(_ subnet: UInt32, epoch: UInt32, now: UInt32, emissions: UInt128, weight: UInt128) {
    guard let proposal = storage.stored(Network.items.subnetConsensusSubmission(subnet, epoch)) else {
      return settleAbsence(subnet, epoch: epoch)
    }
    let emergency = storage.stored(Network.items.emergencySubnetNodeElectionData(subnet))
    let voters = emergency?.subnetNodeIDs.count ?? proposal.nodes.count { $0.has(.validator, at: epoch) }
    let ratio = min(
      FixedPoint.divide(UInt128(proposal.attests.count), UInt128(voters)), FixedPoint.one)
    storage.update(Network.items.emergencySubnetNodeElectionData(subnet)) {
      $0.totalEpochs = $0.totalEpochs.saturatingAdding(1)
    }
    if ratio < storage[Network.items.minAttestationPercentage()] {
      punish(subnet, proposal, ratio: ratio)
    } else {
      let emergencyNodes = emergency.map { Set($0.subnetNodeIDs) }
      let pay = Pay(FixedPoint.multiply(emissions, weight), in: subnet, self)
      reward(subnet, proposal, ratio: ratio, pay, emergency: emergencyNodes, now: now)
    }
  }

  /// The elected node stayed silent: it and the subnet lose reputation, and nobody is paid.
  private mutating func settleAbsence(_ subnet: UInt32, epoch: UInt32) {
    guard let data = storage.stored(Network.items.subnetsData(subnet)), data.state == .active,
      data.startEpoch <= self.epoch,
      let elected = storage.stored(Network.items.subnetElectedValidator(subnet, epoch))
    else { return }
    let slot = Network.items.subnetReputation(subnet)
    storage[slot] = Reputation.decreased(
      storage[slot], by: storage[Network.items.validatorAbsentSubnetReputationFactor()])
    decreaseReputation(
      subnet, elected, from: storage[Network.items.subnetNodeReputation(subnet, elected)],
      by: storage[Network.items.validatorAbsentDecreaseReputationFactor(subnet)])
  }

  // MARK: Without consensus

  /// Too few agreed: the proposer is slashed, and it, all who agreed and the subnet lose reputation.
  private mutating func punish(_ subnet: UInt32, _ proposal: ConsensusData, ratio: UInt128) {
    let needed = storage[Network.items.minAttestationPercentage()]
    let distance = FixedPoint.one.saturatingSubtracting(FixedPoint.divide(ratio, needed))
    let least = storage[Network.items.minSubnetNodeReputation(subnet)]
    let reputation = storage[Network.items.subnetReputation(subnet)]
    slash(subnet, proposal.validatorID, ratio: ratio, needed: needed, distance: distance, least: least)

    let lowered = Reputation.decreased(reputation, by: storage[Network.items.notInConsensusSubnetReputationFactor()])
    storage[Network.items.subnetReputation(subnet)] = lowered
    deposit(Network.index, Network.events.subnetReputationUpdate(subnet, reputation, lowered))

    let factor = FixedPoint.multiply(
      storage[Network.items.nonConsensusAttestorDecreaseReputationFactor(subnet)], distance)
    for node in proposal.attests.keys {
      guard storage.contains(Network.items.subnetNodeIdHotkey(subnet, node)) else { continue }
      let lowered = decreaseReputation(
        subnet, node, from: storage[Network.items.subnetNodeReputation(subnet, node)], by: factor)
      if lowered < least { removeOwnedNode(subnet, node) }
    }
  }

  private mutating func slash(
    _ subnet: UInt32, _ node: UInt32, ratio: UInt128, needed: UInt128, distance: UInt128, least: UInt128
  ) {
    guard let hotkey = storage.stored(Network.items.subnetNodeIdHotkey(subnet, node)) else { return }
    let base = FixedPoint.multiply(
      storage[Network.items.accountSubnetStake(hotkey, subnet)], storage[Network.items.baseSlashPercentage()])
    let amount = min(FixedPoint.multiply(base, distance), storage[Network.items.maxSlashAmount()])
    if amount > 0 { decreaseStake(hotkey, subnet, amount) }
    let factor = FixedPoint.multiply(
      storage[Network.items.validatorNonConsensusSubnetNodeReputationFactor(subnet)], distance)
    let lowered = decreaseReputation(
      subnet, node, from: storage[Network.items.subnetNodeReputation(subnet, node)], by: factor)
    if let coldkey = storage.stored(Network.items.hotkeyOwner(hotkey)) {
      judgeColdkey(coldkey, attestation: ratio, needed: needed)
      if lowered < least { removeActiveNode(subnet, node) }
    }
    deposit(Network.index, Network.events.slashing(subnet, hotkey, amount))
  }

  /// Removes a node whose hotkey has an owner.
  mutating func removeOwnedNode(_ subnet: UInt32, _ node: UInt32) {
    guard let hotkey = storage.stored(Network.items.subnetNodeIdHotkey(subnet, node)),
      storage.contains(Network.items.hotkeyOwner(hotkey))
    else { return }
    removeActiveNode(subnet, node)
  }
}

/// How a subnet's part of the emission is divided, in planck.
struct Pay: Sendable, Hashable {
  let owner: UInt128
  let delegates: UInt128
  let nodes: UInt128

  init(_ total: UInt128, in subnet: UInt32, _ runtime: Runtime) {
    owner = FixedPoint.multiply(total, runtime.storage[Network.items.subnetOwnerPercentage()])
    let rest = total.saturatingSubtracting(owner)
    delegates = FixedPoint.multiply(
      rest, runtime.storage[Network.items.subnetDelegateStakeRewardsPercentage(subnet)])
    nodes = rest.saturatingSubtracting(delegates)
  }
}
