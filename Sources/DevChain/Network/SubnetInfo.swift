import Substrate

/// All that the chain tells of a subnet at once, in the layout of generation B.
struct SubnetInfo: RuntimeStruct {
  static let path = NetworkPath.of("SubnetInfo")
  static let fields: [StructField<SubnetInfo>] = [
    .init("id", \.id),
    .init("friendly_id", \.friendlyID),
    .init("name", \.name),
    .init("repo", \.repo),
    .init("description", \.summary),
    .init("misc", \.misc),
    .init("state", \.state),
    .init("start_epoch", \.startEpoch),
    .init("churn_limit", \.churnLimit),
    .init("churn_limit_multiplier", \.churnLimitMultiplier),
    .init("min_stake", \.minStake),
    .init("max_stake", \.maxStake),
    .init("queue_immunity_epochs", \.queueImmunityEpochs),
    .init("target_node_registrations_per_epoch", \.targetNodeRegistrationsPerEpoch),
    .init("node_registrations_this_epoch", \.nodeRegistrationsThisEpoch),
    .init("subnet_node_queue_epochs", \.subnetNodeQueueEpochs),
    .init("idle_classification_epochs", \.idleClassificationEpochs),
    .init("included_classification_epochs", \.includedClassificationEpochs),
    .init("delegate_stake_percentage", \.delegateStakePercentage),
    .init("last_delegate_stake_rewards_update", \.lastDelegateStakeRewardsUpdate),
    .init("node_burn_rate_alpha", \.nodeBurnRateAlpha),
    .init("current_node_burn_rate", \.currentNodeBurnRate),
    .init("initial_coldkeys", \.initialColdkeys),
    .init("initial_coldkey_data", \.initialColdkeyData),
    .init("max_registered_nodes", \.maxRegisteredNodes),
    .init("owner", \.owner),
    .init("pending_owner", \.pendingOwner),
    .init("registration_epoch", \.registrationEpoch),
    .init("prev_pause_epoch", \.prevPauseEpoch),
    .init("slot_index", \.slotIndex),
    .init("slot_assignment", \.slotAssignment),
    .init("subnet_node_min_weight_decrease_reputation_threshold", \.subnetNodeMinWeightDecreaseReputationThreshold),
    .init("reputation", \.reputation),
    .init("min_subnet_node_reputation", \.minSubnetNodeReputation),
    .init("absent_decrease_reputation_factor", \.absentDecreaseReputationFactor),
    .init("included_increase_reputation_factor", \.includedIncreaseReputationFactor),
    .init("below_min_weight_decrease_reputation_factor", \.belowMinWeightDecreaseReputationFactor),
    .init("non_attestor_decrease_reputation_factor", \.nonAttestorDecreaseReputationFactor),
    .init("non_consensus_attestor_decrease_reputation_factor", \.nonConsensusAttestorDecreaseReputationFactor),
    .init("validator_absent_subnet_node_reputation_factor", \.validatorAbsentSubnetNodeReputationFactor),
    .init("validator_non_consensus_subnet_node_reputation_factor", \.validatorNonConsensusSubnetNodeReputationFactor),
    .init("bootnode_access", \.bootnodeAccess),
    .init("bootnodes", \.bootnodes),
    .init("total_nodes", \.totalNodes),
    .init("total_active_nodes", \.totalActiveNodes),
    .init("total_electable_nodes", \.totalElectableNodes),
    .init("current_min_delegate_stake", \.currentMinDelegateStake),
    .init("total_subnet_stake", \.totalSubnetStake),
    .init("total_subnet_delegate_stake_shares", \.totalSubnetDelegateStakeShares),
    .init("total_subnet_delegate_stake_balance", \.totalSubnetDelegateStakeBalance),
  ]

  var id: UInt32 = 0
  var friendlyID: UInt32?
  var name: [UInt8] = []
  var repo: [UInt8] = []
  var summary: [UInt8] = []
  var misc: [UInt8] = []
  var state: SubnetState = .registered
  var startEpoch: UInt32 = 0
  var churnLimit: UInt32 = 0
  var churnLimitMultiplier: UInt32 = 0
  var minStake: UInt128 = 0
  var maxStake: UInt128 = 0
  var queueImmunityEpochs: UInt32 = 0
  var targetNodeRegistrationsPerEpoch: UInt32 = 0
  var nodeRegistrationsThisEpoch: UInt32 = 0
  var subnetNodeQueueEpochs: UInt32 = 0
  var idleClassificationEpochs: UInt32 = 0
  var includedClassificationEpochs: UInt32 = 0
  var delegateStakePercentage: UInt128 = 0
  var lastDelegateStakeRewardsUpdate: UInt32 = 0
  var nodeBurnRateAlpha: UInt128 = 0
  var currentNodeBurnRate: UInt128 = 0
  var initialColdkeys: SortedMap<AccountID, UInt32>?
  var initialColdkeyData: SortedMap<AccountID, UInt32>?
  var maxRegisteredNodes: UInt32 = 0
  var owner: AccountID?
  var pendingOwner: AccountID?
  var registrationEpoch: UInt32?
  var prevPauseEpoch: UInt32 = 0
  var slotIndex: UInt32?
  var slotAssignment: UInt32?
  var subnetNodeMinWeightDecreaseReputationThreshold: UInt128 = 0
  var reputation: UInt128 = 0
  var minSubnetNodeReputation: UInt128 = 0
  var absentDecreaseReputationFactor: UInt128 = 0
  var includedIncreaseReputationFactor: UInt128 = 0
  var belowMinWeightDecreaseReputationFactor: UInt128 = 0
  var nonAttestorDecreaseReputationFactor: UInt128 = 0
  var nonConsensusAttestorDecreaseReputationFactor: UInt128 = 0
  var validatorAbsentSubnetNodeReputationFactor: UInt128 = 0
  var validatorNonConsensusSubnetNodeReputationFactor: UInt128 = 0
  var bootnodeAccess: SortedSet<AccountID> = .init()
  var bootnodes: SortedMap<OpaquePeerID, Bytes1024> = .init()
  var totalNodes: UInt32 = 0
  var totalActiveNodes: UInt32 = 0
  var totalElectableNodes: UInt32 = 0
  var currentMinDelegateStake: UInt128 = 0
  var totalSubnetStake: UInt128 = 0
  var totalSubnetDelegateStakeShares: UInt128 = 0
  var totalSubnetDelegateStakeBalance: UInt128 = 0
}

extension Runtime {
  func subnetInfo(_ subnet: UInt32) -> SubnetInfo? {
    guard let data = storage.stored(Network.items.subnetsData(subnet)) else { return nil }
    var info = SubnetInfo()
    info.id = data.id
    info.friendlyID = storage.stored(Network.items.subnetIdFriendlyUid(subnet))
    info.name = data.name
    info.repo = data.repo
    info.summary = data.summary
    info.misc = data.misc
    info.state = data.state
    info.startEpoch = data.startEpoch
    info.churnLimit = storage[Network.items.churnLimit(subnet)]
    info.churnLimitMultiplier = storage[Network.items.churnLimitMultiplier(subnet)]
    info.minStake = storage[Network.items.subnetMinStakeBalance(subnet)]
    info.maxStake = storage[Network.items.subnetMaxStakeBalance(subnet)]
    info.queueImmunityEpochs = storage[Network.items.queueImmunityEpochs(subnet)]
    info.targetNodeRegistrationsPerEpoch = storage[Network.items.targetNodeRegistrationsPerEpoch(subnet)]
    info.nodeRegistrationsThisEpoch = storage[Network.items.nodeRegistrationsThisEpoch(subnet)]
    info.subnetNodeQueueEpochs = storage[Network.items.subnetNodeQueueEpochs(subnet)]
    info.idleClassificationEpochs = storage[Network.items.idleClassificationEpochs(subnet)]
    info.includedClassificationEpochs = storage[Network.items.includedClassificationEpochs(subnet)]
    info.delegateStakePercentage = storage[Network.items.subnetDelegateStakeRewardsPercentage(subnet)]
    info.lastDelegateStakeRewardsUpdate = storage[Network.items.lastSubnetDelegateStakeRewardsUpdate(subnet)]
    info.nodeBurnRateAlpha = storage[Network.items.nodeBurnRateAlpha(subnet)]
    info.currentNodeBurnRate = storage[Network.items.currentNodeBurnRate(subnet)]
    info.initialColdkeys = storage.stored(Network.items.subnetRegistrationInitialColdkeys(subnet))
    info.initialColdkeyData = storage.stored(Network.items.initialColdkeyData(subnet))
    info.maxRegisteredNodes = storage[Network.items.maxRegisteredNodes(subnet)]
    info.owner = storage.stored(Network.items.subnetOwner(subnet))
    info.pendingOwner = storage.stored(Network.items.pendingSubnetOwner(subnet))
    info.registrationEpoch = storage.stored(Network.items.subnetRegistrationEpoch(subnet))
    info.prevPauseEpoch = storage[Network.items.previousSubnetPauseEpoch(subnet)]
    info.slotIndex = storage.stored(Network.items.subnetSlot(subnet))
    info.slotAssignment = storage.stored(Network.items.slotAssignment(subnet))
    info.subnetNodeMinWeightDecreaseReputationThreshold =
      storage[Network.items.subnetNodeMinWeightDecreaseReputationThreshold(subnet)]
    info.reputation = storage[Network.items.subnetReputation(subnet)]
    info.minSubnetNodeReputation = storage[Network.items.minSubnetNodeReputation(subnet)]
    info.absentDecreaseReputationFactor = storage[Network.items.absentDecreaseReputationFactor(subnet)]
    info.includedIncreaseReputationFactor = storage[Network.items.includedIncreaseReputationFactor(subnet)]
    info.belowMinWeightDecreaseReputationFactor = storage[Network.items.belowMinWeightDecreaseReputationFactor(subnet)]
    info.nonAttestorDecreaseReputationFactor = storage[Network.items.nonAttestorDecreaseReputationFactor(subnet)]
    info.nonConsensusAttestorDecreaseReputationFactor =
      storage[Network.items.nonConsensusAttestorDecreaseReputationFactor(subnet)]
    info.validatorAbsentSubnetNodeReputationFactor =
      storage[Network.items.validatorAbsentDecreaseReputationFactor(subnet)]
    info.validatorNonConsensusSubnetNodeReputationFactor =
      storage[Network.items.validatorNonConsensusSubnetNodeReputationFactor(subnet)]
    info.bootnodeAccess = storage[Network.items.subnetBootnodeAccess(subnet)]
    info.bootnodes = storage[Network.items.subnetBootnodes(subnet)]
    info.totalNodes = storage[Network.items.totalSubnetNodes(subnet)]
    info.totalActiveNodes = storage[Network.items.totalActiveSubnetNodes(subnet)]
    info.totalElectableNodes = storage[Network.items.totalSubnetElectableNodes(subnet)]
    info.currentMinDelegateStake = minimumDelegateStake(of: subnet)
    info.totalSubnetStake = storage[Network.items.totalSubnetStake(subnet)]
    info.totalSubnetDelegateStakeShares = storage[Network.items.totalSubnetDelegateStakeShares(subnet)]
    info.totalSubnetDelegateStakeBalance = storage[Network.items.totalSubnetDelegateStakeBalance(subnet)]
    return info
  }
}
