import Substrate

/// The events of the Network pallet that its rules here deposit, with the numbers of generation B.
struct NetworkEvents: Sendable {
  let subnetRegistered = EventDeclaration<AccountID, [UInt8], UInt32>(
    0, "SubnetRegistered", "owner", "name", "subnet_id")
  let subnetActivated = EventDeclaration<UInt32>(1, "SubnetActivated", "subnet_id")
  let subnetDeactivated = EventDeclaration<UInt32, SubnetRemovalReason>(2, "SubnetDeactivated", "subnet_id", "reason")
  let subnetNodeRegistered = EventDeclaration<UInt32, UInt32, AccountID, AccountID, SubnetNode>(
    3, "SubnetNodeRegistered", "subnet_id", "subnet_node_id", "coldkey", "hotkey", "data")
  let subnetNodeActivated = EventDeclaration<UInt32, UInt32>(4, "SubnetNodeActivated", "subnet_id", "subnet_node_id")
  let subnetNodeRemoved = EventDeclaration<UInt32, UInt32>(5, "SubnetNodeRemoved", "subnet_id", "subnet_node_id")
  let subnetNodeUpdateDelegateRewardRate = EventDeclaration<UInt32, UInt32, UInt128>(
    6, "SubnetNodeUpdateDelegateRewardRate", "subnet_id", "subnet_node_id", "delegate_reward_rate")
  let subnetNodeUpdatePeerInfo = EventDeclaration<UInt32, UInt32, PeerInfo>(
    7, "SubnetNodeUpdatePeerInfo", "subnet_id", "subnet_node_id", "peer_info")
  let subnetNodeUpdateBootnodePeerInfo = EventDeclaration<UInt32, UInt32, PeerInfo?>(
    9, "SubnetNodeUpdateBootnodePeerInfo", "subnet_id", "subnet_node_id", "bootnode_peer_info")
  let subnetNodeUpdateClientPeerInfo = EventDeclaration<UInt32, UInt32, PeerInfo?>(
    10, "SubnetNodeUpdateClientPeerInfo", "subnet_id", "subnet_node_id", "client_peer_info")
  let subnetNodeUpdateUnique = EventDeclaration<UInt32, UInt32, Bytes1024?>(
    11, "SubnetNodeUpdateUnique", "subnet_id", "subnet_node_id", "unique")
  let subnetNodeUpdateNonUnique = EventDeclaration<UInt32, UInt32, Bytes1024?>(
    12, "SubnetNodeUpdateNonUnique", "subnet_id", "subnet_node_id", "non_unique")
  let subnetNodeUpdateDelegateAccount = EventDeclaration<UInt32, UInt32, DelegateAccount?>(
    13, "SubnetNodeUpdateDelegateAccount", "subnet_id", "subnet_node_id", "delegate_account")
  let updateColdkey = EventDeclaration<AccountID, AccountID>(14, "UpdateColdkey", "coldkey", "new_coldkey")
  let updateHotkey = EventDeclaration<AccountID, AccountID>(15, "UpdateHotkey", "hotkey", "new_hotkey")
  let queuedNodePrioritized = EventDeclaration<UInt32, UInt32>(
    16, "QueuedNodePrioritized", "subnet_id", "subnet_node_id")
  let queuedNodeRemoved = EventDeclaration<UInt32, UInt32>(17, "QueuedNodeRemoved", "subnet_id", "subnet_node_id")
  let nodeClassGraduation = EventDeclaration<UInt32, UInt32, SubnetNodeClassification>(
    18, "NodeClassGraduation", "subnet_id", "subnet_node_id", "classification")
  let stakeAdded = EventDeclaration<UInt32, AccountID, AccountID, UInt128>(19, "StakeAdded")
  let stakeRemoved = EventDeclaration<UInt32, AccountID, AccountID, UInt128>(20, "StakeRemoved")
  let subnetDelegateStakeAdded = EventDeclaration<UInt32, AccountID, UInt128>(21, "SubnetDelegateStakeAdded")
  let subnetDelegateStakeRemoved = EventDeclaration<UInt32, AccountID, UInt128>(22, "SubnetDelegateStakeRemoved")
  let delegateNodeStakeAdded = EventDeclaration<AccountID, UInt32, UInt32, UInt128>(
    24, "DelegateNodeStakeAdded", "account_id", "subnet_id", "subnet_node_id", "amount")
  let delegateNodeStakeRemoved = EventDeclaration<AccountID, UInt32, UInt32, UInt128>(
    25, "DelegateNodeStakeRemoved", "account_id", "subnet_id", "subnet_node_id", "amount")
  let delegateBalanceRemoved = EventDeclaration<AccountID, UInt128>(
    29, "DelegateBalanceRemoved", "account_id", "amount")
  let setTxPause = PlainEvent(108, "SetTxPause")
  let setTxUnpause = PlainEvent(109, "SetTxUnpause")
  let validatorSubmission = EventDeclaration<UInt32, AccountID, UInt32>(
    123, "ValidatorSubmission", "subnet_id", "account_id", "epoch")
  let attestation = EventDeclaration<UInt32, UInt32, UInt32>(124, "Attestation", "subnet_id", "subnet_node_id", "epoch")
  let slashing = EventDeclaration<UInt32, AccountID, UInt128>(125, "Slashing", "subnet_id", "account_id", "amount")
  let subnetRewards = EventDeclaration<
    UInt32, [Pair<UInt32, UInt128>], UInt128, [Pair<UInt32, UInt128>], [Pair<UInt32, Pair<AccountID, UInt128>>]
  >(
    126, "SubnetRewards", "subnet_id", "node_rewards", "delegate_stake_reward", "node_delegate_stake_rewards",
    "node_delegate_account_allocations")
  let overwatchRewards = EventDeclaration<[Pair<UInt32, UInt128>]>(127, "OverwatchRewards", "node_rewards")
  let subnetReputationUpdate = EventDeclaration<UInt32, UInt128, UInt128>(
    128, "SubnetReputationUpdate", "subnet_id", "prev_reputation", "new_reputation")
  let nodeReputationUpdate = EventDeclaration<UInt32, UInt32, UInt128, UInt128>(
    129, "NodeReputationUpdate", "subnet_id", "subnet_node_id", "prev_reputation", "new_reputation")
  let bootnodesUpdated = EventDeclaration<UInt32, SortedMap<OpaquePeerID, Bytes1024>, SortedSet<OpaquePeerID>>(
    139, "BootnodesUpdated", "subnet_id", "added", "removed")
  let subnetPaused = EventDeclaration<UInt32, AccountID>(140, "SubnetPaused", "subnet_id", "owner")
  let subnetUnpaused = EventDeclaration<UInt32, AccountID>(141, "SubnetUnpaused", "subnet_id", "owner")
  let subnetForked = EventDeclaration<UInt32, AccountID, [UInt32]>(
    142, "SubnetForked", "subnet_id", "owner", "subnet_node_ids")
  let subnetForkRevert = EventDeclaration<UInt32, AccountID>(143, "SubnetForkRevert", "subnet_id", "owner")
  let subnetMinMaxStakeBalanceUpdate = EventDeclaration<UInt32, AccountID, UInt128, UInt128>(
    146, "SubnetMinMaxStakeBalanceUpdate", "subnet_id", "owner", "min", "max")
  let subnetDelegateStakeRewardsPercentageUpdate = EventDeclaration<UInt32, AccountID, UInt128>(
    147, "SubnetDelegateStakeRewardsPercentageUpdate", "subnet_id", "owner", "value")
  let transferPendingSubnetOwner = EventDeclaration<UInt32, AccountID, AccountID>(
    149, "TransferPendingSubnetOwner", "subnet_id", "owner", "new_owner")
  let acceptPendingSubnetOwner = EventDeclaration<UInt32, AccountID>(
    150, "AcceptPendingSubnetOwner", "subnet_id", "new_owner")
}
