import Substrate

/// What a subnet's owner may do.
extension Network {
  static func ownerPauseSubnet(_ runtime: inout Runtime, _ origin: Origin, _ subnet: UInt32) throws {
    let owner = try runtime.signer(origin)
    try runtime.requireOwner(owner, subnet)
    guard var data = runtime.storage.stored(items.subnetsData(subnet)), data.state == .active else {
      throw NetworkError.subnetMustBeActive
    }
    let cooldown = runtime.storage[items.previousSubnetPauseEpoch(subnet)]
      .saturatingAdding(runtime.storage[items.subnetPauseCooldownEpochs()])
    try runtime.require(cooldown <= runtime.epoch, .subnetPauseCooldownActive)
    data.state = .paused
    data.startEpoch = runtime.epoch
    runtime.storage.set(items.subnetsData(subnet), data)
    runtime.deposit(index, events.subnetPaused(subnet, owner))
  }

  static func ownerUnpauseSubnet(_ runtime: inout Runtime, _ origin: Origin, _ subnet: UInt32) throws {
    let owner = try runtime.signer(origin)
    try runtime.requireOwner(owner, subnet)
    guard var data = runtime.storage.stored(items.subnetsData(subnet)), data.state == .paused else {
      throw NetworkError.subnetMustBePaused
    }
    // Who waits in a queue waits longer by the pause. The chain does so for the queues of all subnets.
    let delta = runtime.epoch.saturatingSubtracting(data.startEpoch).saturatingAdding(1)
    for key in runtime.storage.keys(items.registeredSubnetNodesData.prefix) {
      guard let bytes = runtime.storage.raw(key), var node = try? SubnetNode(encoded: bytes) else { continue }
      node.classification.startEpoch = node.classification.startEpoch.saturatingAdding(delta)
      runtime.storage.set(key, node.encoded)
    }
    data.state = .active
    data.startEpoch = runtime.epoch + 1
    runtime.storage.set(items.subnetsData(subnet), data)
    runtime.storage[items.previousSubnetPauseEpoch(subnet)] = runtime.epoch
    let now = runtime.subnetEpoch(subnet)
    let multiplier = runtime.storage[items.maxEmergencyValidatorEpochsMultiplier()]
    runtime.storage.update(items.emergencySubnetNodeElectionData(subnet)) { emergency in
      let epochs = FixedPoint.multiply(UInt128(emergency.targetEpochs), multiplier)
      emergency.lastEpoch = now.saturatingAdding(UInt32(clamping: epochs))
    }
    runtime.deposit(index, events.subnetUnpaused(subnet, owner))
  }

  static func ownerDeactivateSubnet(_ runtime: inout Runtime, _ origin: Origin, _ subnet: UInt32) throws {
    let owner = try runtime.signer(origin)
    try runtime.requireOwner(owner, subnet)
    runtime.removeSubnet(subnet, .owner)
  }

  static func ownerSetEmergencyValidatorSet(
    _ runtime: inout Runtime, _ origin: Origin, _ subnet: UInt32, _ nodes: [UInt32]
  ) throws {
    let owner = try runtime.signer(origin)
    try runtime.requireOwner(owner, subnet)
    try runtime.require(
      runtime.storage.stored(items.subnetsData(subnet))?.state == .paused, .subnetMustBePaused)
    let epoch = runtime.subnetEpoch(subnet)
    var kept: [UInt32] = []
    for node in nodes where kept.last != node {
      guard runtime.storage.stored(items.subnetNodesData(subnet, node))?.has(.validator, at: epoch) == true else {
        continue
      }
      kept.append(node)
    }
    try runtime.require(kept.count >= runtime.storage[items.minSubnetNodes()], .invalidMinEmergencySubnetNodes)
    try runtime.require(
      kept.count <= runtime.storage[items.maxEmergencySubnetNodes()], .invalidMaxEmergencySubnetNodes)
    var emergency = EmergencyValidators()
    emergency.subnetNodeIDs = kept
    emergency.targetEpochs = runtime.epochsUntilRemoval(in: subnet)
    runtime.storage.set(items.emergencySubnetNodeElectionData(subnet), emergency)
    runtime.deposit(index, events.subnetForked(subnet, owner, kept))
  }

  static func ownerRevertEmergencyValidatorSet(_ runtime: inout Runtime, _ origin: Origin, _ subnet: UInt32) throws {
    let owner = try runtime.signer(origin)
    try runtime.requireOwner(owner, subnet)
    runtime.storage.remove(items.emergencySubnetNodeElectionData(subnet))
    runtime.deposit(index, events.subnetForkRevert(subnet, owner))
  }

  static func ownerUpdateMinMaxStake(
    _ runtime: inout Runtime, _ origin: Origin, _ subnet: UInt32, _ least: UInt128, _ most: UInt128
  ) throws {
    let owner = try runtime.signer(origin)
    try runtime.requireOwner(owner, subnet)
    let storage = runtime.storage
    try runtime.require(
      least >= storage[items.minSubnetMinStake()] && least <= storage[items.maxSubnetMinStake()],
      .invalidSubnetMinStake)
    try runtime.require(most <= storage[items.networkMaxStakeBalance()], .invalidSubnetMaxStake)
    try runtime.require(least <= most, .invalidSubnetStakeParameters)
    runtime.storage[items.subnetMinStakeBalance(subnet)] = least
    runtime.storage[items.subnetMaxStakeBalance(subnet)] = most
    runtime.deposit(index, events.subnetMinMaxStakeBalanceUpdate(subnet, owner, least, most))
  }

  static func transferSubnetOwnership(
    _ runtime: inout Runtime, _ origin: Origin, _ subnet: UInt32, _ heir: AccountID
  ) throws {
    let owner = try runtime.signer(origin)
    try runtime.requireOwner(owner, subnet)
    runtime.storage.set(items.pendingSubnetOwner(subnet), heir)
    runtime.deposit(index, events.transferPendingSubnetOwner(subnet, owner, heir))
  }

  static func acceptSubnetOwnership(_ runtime: inout Runtime, _ origin: Origin, _ subnet: UInt32) throws {
    let signer = try runtime.signer(origin)
    guard let heir = runtime.storage.stored(items.pendingSubnetOwner(subnet)) else {
      throw NetworkError.noPendingSubnetOwner
    }
    try runtime.require(heir == signer, .notPendingSubnetOwner)
    runtime.storage.set(items.subnetOwner(subnet), signer)
    runtime.storage.remove(items.pendingSubnetOwner(subnet))
    runtime.deposit(index, events.acceptPendingSubnetOwner(subnet, signer))
  }

  static func updateBootnodes(
    _ runtime: inout Runtime, _ origin: Origin, _ subnet: UInt32, _ added: SortedMap<OpaquePeerID, Bytes1024>,
    _ removed: SortedSet<OpaquePeerID>
  ) throws {
    let signer = try runtime.signer(origin)
    try runtime.require(runtime.storage.contains(items.subnetsData(subnet)), .invalidSubnetId)
    try runtime.require(
      runtime.storage.stored(items.subnetOwner(subnet)) == signer
        || runtime.storage[items.subnetBootnodeAccess(subnet)].contains(signer), .invalidAccess)
    var bootnodes = runtime.storage[items.subnetBootnodes(subnet)]
    for peer in removed.elements { bootnodes[peer] = nil }
    for (peer, multiaddr) in added.entries {
      do throws(NetworkError) { try MultiaddrRules.check(multiaddr.bytes) } catch {
        throw NetworkError.invalidMultiaddr
      }
      bootnodes[peer] = multiaddr
    }
    try runtime.require(bootnodes.count <= runtime.storage[items.maxBootnodes()], .tooManyBootnodes)
    runtime.storage[items.subnetBootnodes(subnet)] = bootnodes
    runtime.deposit(index, events.bootnodesUpdated(subnet, added, removed))
  }

  // MARK: The whole network

  static func pause(_ runtime: inout Runtime, _ origin: Origin) throws {
    try origin.requireRoot()
    runtime.storage[items.txPause()] = true
    runtime.deposit(index, events.setTxPause())
  }

  static func unpause(_ runtime: inout Runtime, _ origin: Origin) throws {
    try origin.requireRoot()
    runtime.storage[items.txPause()] = false
    runtime.deposit(index, events.setTxUnpause())
  }
}

extension Runtime {
  /// After how many absences in a row a node is surely removed: as many epochs an emergency set gets.
  fileprivate func epochsUntilRemoval(in subnet: UInt32) -> UInt32 {
    let strictest = FixedPoint.stepsDown(
      to: storage[Network.items.minMinSubnetNodeReputation()], by: storage[Network.items.minNodeReputationFactor()])
    let own = FixedPoint.stepsDown(
      to: storage[Network.items.minSubnetNodeReputation(subnet)],
      by: storage[Network.items.absentDecreaseReputationFactor(subnet)])
    return min(strictest, own)
  }
}
