import Substrate

/// Nodes and subnets that go.
extension Runtime {
  mutating func removeActiveNode(_ subnet: UInt32, _ node: UInt32) {
    let slot = Network.items.subnetNodesData(subnet, node)
    guard let data = storage.stored(slot) else { return }
    storage.remove(slot)
    forget(data, in: subnet)
    if data.classification.nodeClass == .validator { removeElectionSlot(subnet, node) }
    decrement(Network.items.totalActiveSubnetNodes(subnet))
    decrement(Network.items.totalActiveNodes())
    storage.update(Network.items.emergencySubnetNodeElectionData(subnet)) { $0.subnetNodeIDs.removeAll { $0 == node } }
  }

  mutating func removeRegisteredNode(_ subnet: UInt32, _ node: UInt32) {
    let slot = Network.items.registeredSubnetNodesData(subnet, node)
    guard let data = storage.stored(slot) else { return }
    storage.remove(slot)
    forget(data, in: subnet)
    storage[Network.items.subnetNodeQueue(subnet)] =
      storage[Network.items.subnetNodeQueue(subnet)].filter { $0.id != node }
  }

  /// Removes a node of any class. Its stake stays, to be taken out by the coldkey.
  mutating func removeNode(_ subnet: UInt32, _ node: UInt32) {
    if storage.contains(Network.items.subnetNodesData(subnet, node)) {
      removeActiveNode(subnet, node)
    } else {
      removeRegisteredNode(subnet, node)
    }
  }

  /// Takes a node out of every index that names it.
  private mutating func forget(_ node: SubnetNode, in subnet: UInt32) {
    if let unique = node.unique { storage.remove(Network.items.uniqueParamSubnetNodeId(subnet, unique)) }
    for (peer, slot) in peers(of: node, in: subnet) {
      storage.remove(slot)
      if let multiaddr = peer.multiaddr { storage.remove(Network.items.multiaddrSubnetNodeId(subnet, multiaddr)) }
    }
    storage.remove(Network.items.hotkeySubnetNodeId(subnet, node.hotkey))
    storage.remove(Network.items.subnetNodeIdHotkey(subnet, node.id))
    storage.remove(Network.items.subnetNodeReputation(subnet, node.id))
    storage.remove(Network.items.subnetNodeIdleConsecutiveEpochs(subnet, node.id))
    storage.remove(Network.items.subnetNodeConsecutiveIncludedEpochs(subnet, node.id))
    let coldkey = storage[Network.items.hotkeyOwner(node.hotkey)]
    var nodes = storage[Network.items.coldkeySubnetNodes(coldkey)]
    if var ids = nodes[subnet] {
      ids.remove(node.id)
      nodes[subnet] = ids.isEmpty ? nil : ids
    }
    storage[Network.items.coldkeySubnetNodes(coldkey)] = nodes
    var reputation = storage[Network.items.coldkeyReputation(coldkey)]
    reputation.totalActiveNodes = reputation.totalActiveNodes.saturatingSubtracting(1)
    storage[Network.items.coldkeyReputation(coldkey)] = reputation
    decrement(Network.items.totalSubnetNodes(subnet))
    decrement(Network.items.totalNodes())
    deposit(Network.index, Network.events.subnetNodeRemoved(subnet, node.id))
  }

  // MARK: Subnets

  /// Removes a subnet with all of its nodes; stakes stay withdrawable.
  ///
  /// The network's totals of nodes and of electable nodes keep counting those that went, as on the published chain.
  mutating func removeSubnet(_ subnet: UInt32, _ reason: SubnetRemovalReason) {
    guard let data = storage.stored(Network.items.subnetsData(subnet)) else { return }
    storage.remove(Network.items.subnetName(data.name))
    storage.remove(Network.items.subnetRepo(data.repo))
    let key = subnet.encoded
    for prefix in Self.itemsOfSubnets { storage.set(prefix + key, nil) }
    freeSlot(of: subnet)
    if let friendly = storage.take(Network.items.subnetIdFriendlyUid(subnet)) {
      storage.remove(Network.items.friendlyUidSubnetId(friendly))
    }
    storage[Network.items.totalActiveNodes()] =
      storage[Network.items.totalActiveNodes()].saturatingSubtracting(
        storage.take(Network.items.totalActiveSubnetNodes(subnet)))
    if data.state == .active { decrement(Network.items.totalActiveSubnets()) }
    decrement(Network.items.totalSubnets())
    for prefix in Self.mapsOfSubnets { storage.removeAll(prefix + key) }
    deposit(Network.index, Network.events.subnetDeactivated(subnet, reason))
  }

  private mutating func freeSlot(of subnet: UInt32) {
    guard let slot = storage.take(Network.items.subnetSlot(subnet)) else { return }
    storage.remove(Network.items.slotAssignment(slot))
    var assigned = storage[Network.items.assignedSlots()]
    assigned.remove(slot)
    storage[Network.items.assignedSlots()] = assigned
  }

  /// Items with one value for each subnet.
  private static let itemsOfSubnets: [[UInt8]] = [
    Network.items.subnetsData.prefix, Network.items.subnetOwner.prefix, Network.items.pendingSubnetOwner.prefix,
    Network.items.subnetRegistrationEpoch.prefix, Network.items.previousSubnetPauseEpoch.prefix,
    Network.items.churnLimit.prefix, Network.items.churnLimitMultiplier.prefix,
    Network.items.subnetNodeQueueEpochs.prefix, Network.items.idleClassificationEpochs.prefix,
    Network.items.includedClassificationEpochs.prefix, Network.items.subnetMinStakeBalance.prefix,
    Network.items.subnetMaxStakeBalance.prefix, Network.items.subnetDelegateStakeRewardsPercentage.prefix,
    Network.items.lastSubnetDelegateStakeRewardsUpdate.prefix,
    Network.items.subnetRegistrationInitialColdkeys.prefix, Network.items.initialColdkeyData.prefix,
    Network.items.maxRegisteredNodes.prefix, Network.items.targetNodeRegistrationsPerEpoch.prefix,
    Network.items.nodeBurnRateAlpha.prefix, Network.items.currentNodeBurnRate.prefix,
    Network.items.queueImmunityEpochs.prefix, Network.items.subnetBootnodeAccess.prefix,
    Network.items.subnetBootnodes.prefix, Network.items.emergencySubnetNodeElectionData.prefix,
    Network.items.subnetReputation.prefix, Network.items.minSubnetNodeReputation.prefix,
    Network.items.nodeRegistrationsThisEpoch.prefix,
    Network.items.subnetNodeMinWeightDecreaseReputationThreshold.prefix,
    Network.items.absentDecreaseReputationFactor.prefix, Network.items.includedIncreaseReputationFactor.prefix,
    Network.items.belowMinWeightDecreaseReputationFactor.prefix,
    Network.items.nonAttestorDecreaseReputationFactor.prefix,
    Network.items.nonConsensusAttestorDecreaseReputationFactor.prefix,
    Network.items.validatorAbsentDecreaseReputationFactor.prefix,
    Network.items.validatorNonConsensusSubnetNodeReputationFactor.prefix,
    Network.items.totalSubnetElectableNodes.prefix, Network.items.subnetNodeElectionSlots.prefix,
    Network.items.subnetNodeQueue.prefix, Network.items.totalSubnetNodes.prefix,
    Network.items.totalSubnetNodeUids.prefix,
  ]

  /// Maps whose first key is the subnet.
  private static let mapsOfSubnets: [[UInt8]] = [
    Network.items.subnetNodesData.prefix, Network.items.registeredSubnetNodesData.prefix,
    Network.items.hotkeySubnetNodeId.prefix, Network.items.subnetNodeIdHotkey.prefix,
    Network.items.peerIdSubnetNodeId.prefix, Network.items.bootnodePeerIdSubnetNodeId.prefix,
    Network.items.clientPeerIdSubnetNodeId.prefix, Network.items.multiaddrSubnetNodeId.prefix,
    Network.items.uniqueParamSubnetNodeId.prefix, Network.items.subnetNodeReputation.prefix,
    Network.items.subnetNodeConsecutiveIncludedEpochs.prefix, Network.items.subnetElectedValidator.prefix,
    Network.items.nodeSlotIndex.prefix,
  ]
}
