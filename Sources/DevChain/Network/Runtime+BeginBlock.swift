import Substrate

/// What falls due at the start of a block (spec/chain.md §6).
extension Runtime {
  mutating func beginBlock() {
    guard !storage[Network.items.txPause()] else { return }
    let length = parameters.epochLength
    let slot = block % length
    if block >= length, slot == 0 {
      checkSubnets()
    } else if block > overwatchEpochLength, (block - 1) % overwatchEpochLength == 0 {
      rewardOverwatchNodes()
    } else if block >= length + 2, slot == 2 {
      weighSubnets()
    } else if let subnet = storage.stored(Network.items.slotAssignment(slot)) {
      turnEpoch(of: subnet)
    }
  }

  /// The first block of a subnet's epoch: the epoch before is settled, a validator is elected, the queue moves.
  private mutating func turnEpoch(of subnet: UInt32) {
    guard let emission = storage.stored(Network.items.finalSubnetEmissionWeights(epoch)),
      let weight = emission.weights[subnet]
    else { return }
    let epoch = subnetEpoch(subnet)
    if epoch > 0 {
      settle(subnet, epoch: epoch - 1, now: epoch, emissions: emission.validatorEmissions, weight: weight)
    }
    elect(for: subnet, epoch: epoch)
    moveQueue(of: subnet, epoch: epoch)
    updateBurnRate(of: subnet)
  }

  // MARK: Subnets that may not go on

  /// Removes the subnets that broke a rule. Done in the first block of a general epoch.
  private mutating func checkSubnets() {
    let subnets = storage.entries(Network.items.subnetsData)
    let maximum = Int(storage[Network.items.maxSubnets()])
    let isRemovalEpoch =
      epoch % max(1, storage[Network.items.maxSubnetRemovalInterval()]) == 0
      && epoch
        >= storage[Network.items.prevSubnetActivationEpoch()]
        .saturatingAdding(storage[Network.items.minSubnetRemovalInterval()])
    var candidates: [(subnet: UInt32, stake: UInt128)] = []
    for (_, data) in subnets {
      switch data.state {
      case .registered: checkRegistered(data)
      case .paused: checkPaused(data)
      case .active where data.startEpoch <= epoch:
        guard checkActive(data) else { continue }
        if subnets.count > maximum, isRemovalEpoch {
          candidates.append((data.id, storage[Network.items.totalSubnetDelegateStakeBalance(data.id)]))
        }
      case .active: break
      }
    }
    if let least = candidates.min(by: { $0.stake < $1.stake }) { removeSubnet(least.subnet, .maxSubnets) }
  }

  private mutating func checkRegistered(_ data: SubnetData) {
    guard let registered = storage.stored(Network.items.subnetRegistrationEpoch(data.id)) else { return }
    let lastRegistration = registered.saturatingAdding(storage[Network.items.subnetRegistrationEpochs()])
    let lastEnactment = lastRegistration.saturatingAdding(storage[Network.items.subnetEnactmentEpochs()])
    if epoch <= lastRegistration { return }
    if epoch > lastEnactment {
      removeSubnet(data.id, .enactmentPeriod)
    } else if storage[Network.items.totalActiveSubnetNodes(data.id)] < storage[Network.items.minSubnetNodes()] {
      removeSubnet(data.id, .minSubnetNodes)
    }
  }

  private mutating func checkPaused(_ data: SubnetData) {
    guard data.startEpoch.saturatingAdding(storage[Network.items.maxSubnetPauseEpochs()]) < epoch else { return }
    let reputation = Reputation.decreased(
      storage[Network.items.subnetReputation(data.id)],
      by: storage[Network.items.maxPauseEpochsSubnetReputationFactor()])
    storage[Network.items.subnetReputation(data.id)] = reputation
    if reputation < storage[Network.items.minSubnetReputation()] { removeSubnet(data.id, .pauseExpired) }
  }

  /// Whether the subnet is still there afterwards.
  private mutating func checkActive(_ data: SubnetData) -> Bool {
    if storage[Network.items.totalSubnetDelegateStakeBalance(data.id)] < minimumDelegateStake(of: data.id),
      epoch % max(1, storage[Network.items.delegateStakeSubnetRemovalInterval()]) == 0
    {
      removeSubnet(data.id, .minSubnetDelegateStake)
      return false
    }
    if storage[Network.items.totalSubnetElectableNodes(data.id)] < storage[Network.items.minSubnetNodes()] {
      storage[Network.items.subnetReputation(data.id)] = Reputation.decreased(
        storage[Network.items.subnetReputation(data.id)],
        by: storage[Network.items.lessThanMinNodesSubnetReputationFactor()])
    }
    if storage[Network.items.subnetReputation(data.id)] < storage[Network.items.minSubnetReputation()] {
      removeSubnet(data.id, .minReputation)
      return false
    }
    return true
  }
}
