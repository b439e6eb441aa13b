import Substrate

/// All that the chain tells of a node at once, in the layout of generation B.
struct SubnetNodeInfo: RuntimeStruct {
  static let path = NetworkPath.of("SubnetNodeInfo")
  static let fields: [StructField<SubnetNodeInfo>] = [
    .init("subnet_id", \.subnetID),
    .init("subnet_node_id", \.subnetNodeID),
    .init("coldkey", \.coldkey),
    .init("hotkey", \.hotkey),
    .init("peer_info", \.peerInfo),
    .init("bootnode_peer_info", \.bootnodePeerInfo),
    .init("client_peer_info", \.clientPeerInfo),
    .init("delegate_account", \.delegateAccount),
    .init("identity", \.identity),
    .init("classification", \.classification),
    .init("delegate_reward_rate", \.delegateRewardRate),
    .init("last_delegate_reward_rate_update", \.lastDelegateRewardRateUpdate),
    .init("unique", \.unique),
    .init("non_unique", \.nonUnique),
    .init("stake_balance", \.stakeBalance),
    .init("total_node_delegate_stake_shares", \.totalNodeDelegateStakeShares),
    .init("node_delegate_stake_balance", \.nodeDelegateStakeBalance),
    .init("coldkey_reputation", \.coldkeyReputation),
    .init("subnet_node_reputation", \.subnetNodeReputation),
    .init("node_slot_index", \.nodeSlotIndex),
    .init("consecutive_idle_epochs", \.consecutiveIdleEpochs),
    .init("consecutive_included_epochs", \.consecutiveIncludedEpochs),
  ]

  var subnetID: UInt32 = 0
  var subnetNodeID: UInt32 = 0
  var coldkey: AccountID = .zero
  var hotkey: AccountID = .zero
  var peerInfo: PeerInfo = .init()
  var bootnodePeerInfo: PeerInfo?
  var clientPeerInfo: PeerInfo?
  var delegateAccount: DelegateAccount?
  var identity: ColdkeyIdentity = .init()
  var classification: SubnetNodeClassification = .init()
  var delegateRewardRate: UInt128 = 0
  var lastDelegateRewardRateUpdate: UInt32 = 0
  var unique: Bytes1024?
  var nonUnique: Bytes1024?
  var stakeBalance: UInt128 = 0
  var totalNodeDelegateStakeShares: UInt128 = 0
  var nodeDelegateStakeBalance: UInt128 = 0
  var coldkeyReputation: ColdkeyReputation = .init()
  var subnetNodeReputation: UInt128 = 0
  var nodeSlotIndex: UInt32?
  var consecutiveIdleEpochs: UInt32 = 0
  var consecutiveIncludedEpochs: UInt32 = 0
}

/// What a coldkey has at stake in one node.
struct NodeStakeInfo: RuntimeStruct {
  static let path = NetworkPath.of("SubnetNodeStakeInfo")
  static let fields: [StructField<NodeStakeInfo>] = [
    .init("subnet_id", \.subnetID), .init("subnet_node_id", \.nodeID), .init("hotkey", \.hotkey),
    .init("balance", \.balance),
  ]

  var subnetID: UInt32?
  var nodeID: UInt32?
  var hotkey = AccountID.zero
  var balance: UInt128 = 0
}

/// What the chain tells of an overwatch node.
struct OverwatchNodeInfo: RuntimeStruct {
  static let path = NetworkPath.of("OverwatchNodeInfo")
  static let fields: [StructField<OverwatchNodeInfo>] = [
    .init("overwatch_node_id", \.overwatchNodeID),
    .init("coldkey", \.coldkey),
    .init("hotkey", \.hotkey),
    .init("peer_ids", \.peerIDs),
    .init("reputation", \.reputation),
    .init("account_overwatch_stake", \.accountOverwatchStake),
  ]

  var overwatchNodeID: UInt32 = 0
  var coldkey: AccountID = .zero
  var hotkey: AccountID?
  var peerIDs: SortedMap<UInt32, OpaquePeerID> = .init()
  var reputation: ColdkeyReputation = .init()
  var accountOverwatchStake: UInt128 = 0
}

extension Runtime {
  func nodeInfo(_ subnet: UInt32, _ node: UInt32) -> SubnetNodeInfo? {
    guard let data = self.node(subnet, node) else { return nil }
    let coldkey = storage[Network.items.hotkeyOwner(data.hotkey)]
    var info = SubnetNodeInfo()
    info.subnetID = subnet
    info.subnetNodeID = node
    info.coldkey = coldkey
    info.hotkey = data.hotkey
    info.peerInfo = data.peer
    info.bootnodePeerInfo = data.bootnodePeer
    info.clientPeerInfo = data.clientPeer
    info.delegateAccount = data.delegateAccount
    info.identity = storage[Network.items.coldkeyIdentity(coldkey)]
    info.classification = data.classification
    info.delegateRewardRate = data.delegateRewardRate
    info.lastDelegateRewardRateUpdate = data.lastDelegateRewardRateUpdate
    info.unique = data.unique
    info.nonUnique = data.nonUnique
    info.stakeBalance = storage[Network.items.accountSubnetStake(data.hotkey, subnet)]
    info.totalNodeDelegateStakeShares = storage[Network.items.totalNodeDelegateStakeShares(subnet, node)]
    info.nodeDelegateStakeBalance = storage[Network.items.totalNodeDelegateStakeBalance(subnet, node)]
    info.coldkeyReputation = storage[Network.items.coldkeyReputation(coldkey)]
    info.subnetNodeReputation = storage[Network.items.subnetNodeReputation(subnet, node)]
    info.nodeSlotIndex = storage.stored(Network.items.nodeSlotIndex(subnet, node))
    info.consecutiveIdleEpochs = storage[Network.items.subnetNodeIdleConsecutiveEpochs(subnet, node)]
    info.consecutiveIncludedEpochs = storage[Network.items.subnetNodeConsecutiveIncludedEpochs(subnet, node)]
    return info
  }

  func overwatchInfo(_ node: OverwatchNode) -> OverwatchNodeInfo {
    let coldkey = storage[Network.items.hotkeyOwner(node.hotkey)]
    var info = OverwatchNodeInfo()
    info.overwatchNodeID = node.id
    info.coldkey = coldkey
    info.hotkey = storage.stored(Network.items.overwatchNodeIdHotkey(node.id))
    info.peerIDs = storage[Network.items.overwatchNodeIndex(node.id)]
    info.reputation = storage[Network.items.coldkeyReputation(coldkey)]
    info.accountOverwatchStake = storage[Network.items.accountOverwatchStake(node.hotkey)]
    return info
  }
}
