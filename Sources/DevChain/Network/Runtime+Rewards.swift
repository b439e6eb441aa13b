import Substrate

/// What is paid in consensus.
extension Runtime {
  mutating func reward(
    _ subnet: UInt32, _ proposal: ConsensusData, ratio: UInt128, _ pay: Pay, emergency: Set<UInt32>?, now: UInt32
  ) {
    let needed = storage[Network.items.minAttestationPercentage()]
    let majority = ratio >= storage[Network.items.superMajorityAttestationRatio()]
    let reputation = storage[Network.items.subnetReputation(subnet)]
    rewardProposer(subnet, proposal, ratio: ratio, needed: needed)
    if majority { changeQueue(of: subnet, proposal) }
    if reputation != FixedPoint.one, proposal.scores.count >= storage[Network.items.minSubnetNodes()] {
      storage[Network.items.subnetReputation(subnet)] = Reputation.increased(
        reputation, by: storage[Network.items.inConsensusSubnetReputationFactor()])
    }
    if let owner = storage.stored(Network.items.subnetOwner(subnet)) { mint(owner, pay.owner) }

    var round = RewardRound(subnet, proposal, majority: majority, pay: pay.nodes, emergency: emergency, now: now)
    for node in proposal.nodes { reward(node, &round) }
    if pay.delegates != 0 { increaseDelegateStake(subnet, pay.delegates) }
    deposit(
      Network.index,
      Network.events.subnetRewards(
        subnet, round.nodeRewards, pay.delegates, round.delegateRewards, round.accountRewards))
  }

  private mutating func rewardProposer(
    _ subnet: UInt32, _ proposal: ConsensusData, ratio: UInt128, needed: UInt128
  ) {
    guard let hotkey = storage.stored(Network.items.subnetNodeIdHotkey(subnet, proposal.validatorID)) else { return }
    if let coldkey = storage.stored(Network.items.hotkeyOwner(hotkey)) {
      judgeColdkey(coldkey, attestation: ratio, needed: needed)
    }
    increaseStake(
      hotkey, subnet, FixedPoint.multiply(storage[Network.items.baseValidatorReward()], proposal.rewardFactor))
  }

  /// Does what a proposal with a great majority asked for the queue.
  private mutating func changeQueue(of subnet: UInt32, _ proposal: ConsensusData) {
    if let first = proposal.prioritizeQueueNodeID {
      var queue = storage[Network.items.subnetNodeQueue(subnet)]
      if let place = queue.firstIndex(where: { $0.id == first }) {
        queue.insert(queue.remove(at: place), at: 0)
        storage[Network.items.subnetNodeQueue(subnet)] = queue
        deposit(Network.index, Network.events.queuedNodePrioritized(subnet, first))
      }
    }
    if let removed = proposal.removeQueueNodeID,
      let hotkey = storage.stored(Network.items.subnetNodeIdHotkey(subnet, removed)),
      storage.contains(Network.items.hotkeyOwner(hotkey))
    {
      removeRegisteredNode(subnet, removed)
      deposit(Network.index, Network.events.queuedNodeRemoved(subnet, removed))
    }
  }

  /// One node's part: reputation, promotion, pay.
  private mutating func reward(_ node: SubnetNode, _ round: inout RewardRound) {
    let subnet = round.subnet
    let least = storage[Network.items.minSubnetNodeReputation(subnet)]
    var reputation = storage[Network.items.subnetNodeReputation(subnet, node.id)]
    if reputation < least { return removeOwnedNode(subnet, node.id) }
    if node.classification.nodeClass == .idle, round.emergency == nil { return promoteIdle(node, round) }

    guard let score = round.scores[node.id] else {
      decreaseReputation(
        subnet, node.id, from: reputation, by: storage[Network.items.absentDecreaseReputationFactor(subnet)])
      if node.classification.nodeClass == .included {
        storage[Network.items.subnetNodeConsecutiveIncludedEpochs(subnet, node.id)] = 0
      }
      return
    }
    if reputation != FixedPoint.one {
      reputation = increaseReputation(
        subnet, node.id, from: reputation, by: storage[Network.items.includedIncreaseReputationFactor(subnet)])
    }
    let weight = FixedPoint.divide(score, round.sum)
    if weight < storage[Network.items.subnetNodeMinWeightDecreaseReputationThreshold(subnet)] {
      reputation = decreaseReputation(
        subnet, node.id, from: reputation, by: storage[Network.items.belowMinWeightDecreaseReputationFactor(subnet)])
    }
    if node.classification.nodeClass == .included, round.emergency == nil {
      return promoteIncluded(node, reputation, round)
    }

    let attestation = round.proposal.attests[node.id]
    let factor: UInt128
    if round.mayAttest(node.id) {
      factor = attestation?.rewardFactor ?? FixedPoint.one
      if attestation == nil, round.majority {
        reputation = decreaseReputation(
          subnet, node.id, from: reputation, by: storage[Network.items.nonAttestorDecreaseReputationFactor(subnet)])
      }
    } else {
      factor = FixedPoint.one
    }
    if factor == 0 { return }
    if reputation < least { return removeOwnedNode(subnet, node.id) }
    if weight == 0 { return }
    pay(node, FixedPoint.multiply(FixedPoint.multiply(weight, round.pay), factor), &round)
  }

  /// Divides a node's reward between its delegates and its own stake.
  private mutating func pay(_ node: SubnetNode, _ amount: UInt128, _ round: inout RewardRound) {
    guard amount > 0 else { return }
    var amount = amount
    if node.delegateRewardRate != 0,
      storage[Network.items.totalNodeDelegateStakeShares(round.subnet, node.id)] != 0
    {
      let part = FixedPoint.multiply(amount, node.delegateRewardRate)
      amount = amount.saturatingSubtracting(part)
      increaseNodeDelegateStake(round.subnet, node.id, part)
      round.delegateRewards.append(Pair(node.id, part))
    }
    if let delegate = node.delegateAccount {
      let part = FixedPoint.multiply(amount, delegate.rate)
      amount = amount.saturatingSubtracting(part)
      storage[Network.items.accountDelegateStake(delegate.account)] =
        storage[Network.items.accountDelegateStake(delegate.account)].saturatingAdding(part)
      storage[Network.items.totalAccountDelegateStake()] =
        storage[Network.items.totalAccountDelegateStake()].saturatingAdding(part)
      round.accountRewards.append(Pair(node.id, Pair(delegate.account, part)))
    }
    increaseStake(node.hotkey, round.subnet, amount)
    round.nodeRewards.append(Pair(node.id, amount))
  }

  // MARK: Promotion

  private mutating func promoteIdle(_ node: SubnetNode, _ round: RewardRound) {
    let slot = Network.items.subnetNodeIdleConsecutiveEpochs(round.subnet, node.id)
    storage[slot] = storage[slot].saturatingAdding(1)
    if storage[slot] >= storage[Network.items.idleClassificationEpochs(round.subnet)] {
      graduate(round.subnet, node.id, epoch: round.now)
    }
  }

  private mutating func promoteIncluded(_ node: SubnetNode, _ reputation: UInt128, _ round: RewardRound) {
    let slot = Network.items.subnetNodeConsecutiveIncludedEpochs(round.subnet, node.id)
    storage[slot] = storage[slot].saturatingAdding(1)
    guard reputation >= FixedPoint.one,
      storage[slot] >= storage[Network.items.includedClassificationEpochs(round.subnet)],
      graduate(round.subnet, node.id, epoch: round.now)
    else { return }
    addElectionSlot(round.subnet, node.id)
    storage.remove(slot)
  }

  /// Raises a node by one class from `epoch` on; false if it is gone.
  @discardableResult
  private mutating func graduate(_ subnet: UInt32, _ node: UInt32, epoch: UInt32) -> Bool {
    let slot = Network.items.subnetNodesData(subnet, node)
    guard var data = storage.stored(slot) else { return false }
    data.classification.nodeClass = data.classification.nodeClass.next
    data.classification.startEpoch = epoch
    storage[slot] = data
    deposit(Network.index, Network.events.nodeClassGraduation(subnet, node, data.classification))
    return true
  }
}

/// What is the same for all nodes that are paid for one epoch, and what they got.
private struct RewardRound {
  let subnet: UInt32
  let proposal: ConsensusData
  let majority: Bool
  /// What all nodes share, in planck.
  let pay: UInt128
  let emergency: Set<UInt32>?
  /// The subnet's epoch that begins.
  let now: UInt32
  /// The first score of each node; a repeated one still counts in ``sum``.
  let scores: [UInt32: UInt128]
  let sum: UInt128
  var nodeRewards: [Pair<UInt32, UInt128>] = []
  var delegateRewards: [Pair<UInt32, UInt128>] = []
  var accountRewards: [Pair<UInt32, Pair<AccountID, UInt128>>] = []

  init(_ subnet: UInt32, _ proposal: ConsensusData, majority: Bool, pay: UInt128, emergency: Set<UInt32>?, now: UInt32)
  {
    self.subnet = subnet
    self.proposal = proposal
    self.majority = majority
    self.pay = pay
    self.emergency = emergency
    self.now = now
    scores = Dictionary(proposal.scores.map { ($0.subnetNodeID, $0.score) }) { first, _ in first }
    sum = proposal.scores.reduce(0) { $0.saturatingAdding($1.score) }
  }

  /// Whether the node was one of those who could attest.
  func mayAttest(_ node: UInt32) -> Bool { emergency?.contains(node) ?? true }
}
