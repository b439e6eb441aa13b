import Substrate

/// From the queue into the subnet.
extension Runtime {
  /// Lets nodes in that waited long enough, in queue order, up to the churn limit.
  mutating func moveQueue(of subnet: UInt32, epoch: UInt32) {
    guard epoch % max(1, storage[Network.items.churnLimitMultiplier(subnet)]) == 0 else { return }
    let room = storage[Network.items.maxSubnetNodes()].saturatingSubtracting(
      storage[Network.items.totalActiveSubnetNodes(subnet)])
    let most = Int(min(room, storage[Network.items.churnLimit(subnet)]))
    let wait = storage[Network.items.subnetNodeQueueEpochs(subnet)]
    let queue = storage[Network.items.subnetNodeQueue(subnet)]
    let due = queue.prefix(most).prefix { $0.classification.startEpoch.saturatingAdding(wait) < epoch }
    guard !due.isEmpty else { return }
    for node in due where node.classification.nodeClass == .registered {
      activate(node, in: subnet, as: .idle, from: epoch)
    }
    storage[Network.items.subnetNodeQueue(subnet)] = Array(queue.dropFirst(due.count))
  }

  /// Makes a registered node a member of its subnet.
  mutating func activate(_ node: SubnetNode, in subnet: UInt32, as nodeClass: SubnetNodeClass, from epoch: UInt32) {
    storage.remove(Network.items.registeredSubnetNodesData(subnet, node.id))
    var node = node
    node.classification.nodeClass = nodeClass
    node.classification.startEpoch = epoch
    if nodeClass == .validator { addElectionSlot(subnet, node.id) }
    storage[Network.items.subnetNodesData(subnet, node.id)] = node
    increment(Network.items.totalActiveSubnetNodes(subnet))
    increment(Network.items.totalActiveNodes())
    let coldkey = storage[Network.items.hotkeyOwner(node.hotkey)]
    var reputation = storage[Network.items.coldkeyReputation(coldkey)]
    reputation.lifetimeNodeCount = reputation.lifetimeNodeCount.saturatingAdding(1)
    reputation.totalActiveNodes = reputation.totalActiveNodes.saturatingAdding(1)
    storage[Network.items.coldkeyReputation(coldkey)] = reputation
    deposit(Network.index, Network.events.subnetNodeActivated(subnet, node.id))
  }

  // MARK: What a registration burns

  func burnAmount(in subnet: UInt32) -> UInt128 {
    FixedPoint.multiply(
      storage[Network.items.baseNodeBurnAmount()], storage[Network.items.currentNodeBurnRate(subnet)])
  }

  /// Moves the burn rate towards what the registrations of the last epoch call for.
  mutating func updateBurnRate(of subnet: UInt32) {
    let (low, high) = (storage[Network.items.minNodeBurnRate()], storage[Network.items.maxNodeBurnRate()])
    let registrations = storage[Network.items.nodeRegistrationsThisEpoch(subnet)]
    let target = storage[Network.items.targetNodeRegistrationsPerEpoch(subnet)]
    let aim: UInt128
    if registrations == 0 {
      aim = low
    } else if registrations >= target {
      aim = high
    } else {
      let ratio = FixedPoint.divide(UInt128(registrations), UInt128(target))
      aim = low.saturatingAdding(FixedPoint.multiply(high.saturatingSubtracting(low), ratio))
    }
    let alpha = storage[Network.items.nodeBurnRateAlpha(subnet)]
    let rate = FixedPoint.multiply(aim, alpha).saturatingAdding(
      FixedPoint.multiply(
        storage[Network.items.currentNodeBurnRate(subnet)], FixedPoint.one.saturatingSubtracting(alpha)))
    storage[Network.items.currentNodeBurnRate(subnet)] = min(max(rate, low), high)
    storage[Network.items.nodeRegistrationsThisEpoch(subnet)] = 0
  }

  // MARK: Counters

  mutating func increment(_ slot: DefaultedSlot<UInt32>) { storage[slot] = storage[slot].saturatingAdding(1) }
  mutating func decrement(_ slot: DefaultedSlot<UInt32>) { storage[slot] = storage[slot].saturatingSubtracting(1) }
}
