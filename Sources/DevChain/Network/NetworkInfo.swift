import Substrate

/// What `network_*` tells of subnets and nodes (spec/chain.md §4). The answers are structures that metadata does not
/// describe, as bytes.
enum NetworkInfo {
  static let api = RuntimeAPI(
    name: "NetworkRuntimeApi", version: 1,
    methods: [
      .init("get_subnet_info", ["subnet_id"]) { (runtime: Runtime, subnet: UInt32) in
        runtime.subnetInfo(subnet).encoded
      },
      .init("get_all_subnets_info", []) { runtime in
        runtime.storage.entries(Network.items.subnetsData).compactMap { runtime.subnetInfo($0.value.id) }.encoded
      },
      .init("get_subnet_node_info", ["subnet_id", "subnet_node_id"]) {
        (runtime: Runtime, subnet: UInt32, node: UInt32) in runtime.nodeInfo(subnet, node).encoded
      },
      .init("get_subnet_nodes_info", ["subnet_id"]) { (runtime: Runtime, subnet: UInt32) in
        runtime.nodesInfo(subnet).encoded
      },
      .init("get_all_subnet_nodes_info", []) { runtime in
        runtime.storage.entries(Network.items.subnetsData).flatMap { runtime.nodesInfo($0.value.id) }.encoded
      },
      .init("proof_of_stake", ["subnet_id", "peer_id", "min_class", "min_stake"]) {
        (runtime: Runtime, subnet: UInt32, peer: [UInt8], least: UInt8, stake: UInt128?) in
        runtime.isStaked(OpaquePeerID(peer), in: subnet, atLeast: least, stake: stake)
      },
      .init("get_bootnodes", ["subnet_id"]) { (runtime: Runtime, subnet: UInt32) in
        runtime.bootnodes(subnet).encoded
      },
      .init("get_coldkey_subnet_nodes_info", ["coldkey"]) { (runtime: Runtime, coldkey: AccountID) in
        runtime.storage[Network.items.coldkeyHotkeys(coldkey)].elements.compactMap { runtime.nodeInfo(hotkey: $0) }
          .encoded
      },
      .init("get_coldkey_stakes", ["coldkey"]) { (runtime: Runtime, coldkey: AccountID) in
        runtime.stakes(of: coldkey).encoded
      },
      .init("get_delegate_stakes", ["account_id"]) { (runtime: Runtime, account: AccountID) in
        runtime.delegateStakes(of: account).encoded
      },
      .init("get_node_delegate_stakes", ["account_id"]) { (runtime: Runtime, account: AccountID) in
        runtime.nodeDelegateStakes(of: account).encoded
      },
      .init("get_overwatch_commits_for_epoch_and_node", ["epoch", "overwatch_node_id"]) {
        (runtime: Runtime, epoch: UInt32, node: UInt32) in
        runtime.storage.entries(Network.items.overwatchCommits, under: epoch.encoded + node.encoded)
          .compactMap { rest, hash in (try? UInt32(encoded: rest)).map { Pair($0, hash) } }.encoded
      },
      // The second key really is the subnet's id, whatever it is called.
      .init("get_overwatch_reveals_for_epoch_and_node", ["epoch", "overwatch_node_id"]) {
        (runtime: Runtime, epoch: UInt32, subnet: UInt32) in
        runtime.storage.entries(Network.items.overwatchReveals, under: epoch.encoded + subnet.encoded)
          .compactMap { rest, weight in (try? UInt32(encoded: rest)).map { Pair($0, weight) } }.encoded
      },
      .init("get_elected_validator_info", ["subnet_id", "subnet_epoch"]) {
        (runtime: Runtime, subnet: UInt32, epoch: UInt32) in
        runtime.storage.stored(Network.items.subnetElectedValidator(subnet, epoch))
          .flatMap { runtime.nodeInfo(subnet, $0) }.encoded
      },
      .init("get_validators_and_attestors", ["subnet_id"]) { (runtime: Runtime, subnet: UInt32) in
        let emergency = runtime.storage.stored(Network.items.emergencySubnetNodeElectionData(subnet))
        let nodes = emergency?.subnetNodeIDs ?? runtime.storage[Network.items.subnetNodeElectionSlots(subnet)]
        return nodes.compactMap { runtime.nodeInfo(subnet, $0) }.encoded
      },
      .init("get_all_overwatch_nodes_info", []) { runtime in
        runtime.storage.entries(Network.items.overwatchNodes).map { runtime.overwatchInfo($0.value) }.encoded
      },
    ])
}

extension Runtime {
  func nodeInfo(hotkey: AccountID) -> SubnetNodeInfo? {
    guard let subnet = storage.stored(Network.items.hotkeySubnetId(hotkey)),
      let node = storage.stored(Network.items.hotkeySubnetNodeId(subnet, hotkey))
    else { return nil }
    return nodeInfo(subnet, node)
  }

  /// In the order of the hotkeys' hashes.
  func nodesInfo(_ subnet: UInt32) -> [SubnetNodeInfo] {
    storage.entries(Network.items.hotkeySubnetNodeId, under: subnet.encoded).compactMap { nodeInfo(subnet, $0.value) }
  }

  /// Whether a peer belongs to a node of at least that class and stake, to an overwatch node, or is one of the
  /// subnet's bootnodes; the last two whatever their class and stake (spec/chain.md §4).
  func isStaked(_ peer: OpaquePeerID, in subnet: UInt32, atLeast least: UInt8, stake: UInt128?) -> Bool {
    guard storage.contains(Network.items.subnetsData(subnet)), let nodeClass = SubnetNodeClass(rawValue: least) else {
      return false
    }
    let needed = stake ?? storage[Network.items.subnetMinStakeBalance(subnet)]
    let epoch = subnetEpoch(subnet)
    for role in PeerRole.allCases {
      guard let id = storage.stored(role.slot(subnet, peer)) else { continue }
      let active = storage.stored(Network.items.subnetNodesData(subnet, id))
      let registered =
        nodeClass == .registered ? storage.stored(Network.items.registeredSubnetNodesData(subnet, id)) : nil
      guard let node = active ?? registered, node.has(nodeClass, at: epoch) else { continue }
      if storage[Network.items.accountSubnetStake(node.hotkey, subnet)] >= needed { return true }
    }
    return storage.contains(Network.items.peerIdOverwatchNodeId(subnet, peer))
      || storage[Network.items.subnetBootnodes(subnet)][peer] != nil
  }

  func stakes(of coldkey: AccountID) -> [NodeStakeInfo] {
    storage[Network.items.coldkeySubnetNodes(coldkey)].entries.flatMap { subnet, nodes in
      nodes.elements.compactMap { node in
        storage.stored(Network.items.subnetNodeIdHotkey(subnet, node)).map { hotkey in
          var info = NodeStakeInfo()
          info.subnetID = subnet
          info.nodeID = node
          info.hotkey = hotkey
          info.balance = storage[Network.items.accountSubnetStake(hotkey, subnet)]
          return info
        }
      }
    }
  }

  /// Subnet, shares and what they are worth.
  func delegateStakes(of account: AccountID) -> [Pair<UInt32, Pair<UInt128, UInt128>>] {
    let prefix = AccountID.hasher.hash(account.bytes)
    return storage.entries(Network.items.accountSubnetDelegateStakeShares, under: prefix).compactMap { rest, shares in
      guard let subnet = try? UInt32(encoded: rest) else { return nil }
      let worth = Shares.balance(
        of: shares, shares: storage[Network.items.totalSubnetDelegateStakeShares(subnet)],
        balance: storage[Network.items.totalSubnetDelegateStakeBalance(subnet)])
      return Pair(subnet, Pair(shares, worth))
    }
  }

  /// Subnet and node, shares and what they are worth.
  func nodeDelegateStakes(of account: AccountID) -> [Pair<Pair<UInt32, UInt32>, Pair<UInt128, UInt128>>] {
    let prefix = AccountID.hasher.hash(account.bytes)
    return storage.entries(Network.items.accountNodeDelegateStakeShares, under: prefix).compactMap { rest, shares in
      guard let key = try? Pair<UInt32, UInt32>(encoded: rest) else { return nil }
      let worth = Shares.balance(
        of: shares, shares: storage[Network.items.totalNodeDelegateStakeShares(key.first, key.second)],
        balance: storage[Network.items.totalNodeDelegateStakeBalance(key.first, key.second)])
      return Pair(key, Pair(shares, worth))
    }
  }

  /// The subnet's own bootnodes, those of its nodes, and those of the nodes in its queue.
  func bootnodes(
    _ subnet: UInt32
  ) -> Pair<
    SortedMap<OpaquePeerID, Bytes1024>,
    Pair<SortedMap<OpaquePeerID, Bytes1024?>, SortedMap<OpaquePeerID, Bytes1024?>>
  > {
    func reachable(_ nodes: [SubnetNode]) -> SortedMap<OpaquePeerID, Bytes1024?> {
      var found = SortedMap<OpaquePeerID, Bytes1024?>()
      for case let peer? in nodes.map(\.bootnodePeer) {
        if let multiaddr = peer.multiaddr { found[peer.peerID] = .some(multiaddr) }
      }
      return found
    }
    let nodes = storage.entries(Network.items.subnetNodesData, under: subnet.encoded).map(\.value)
    let queued = storage.entries(Network.items.registeredSubnetNodesData, under: subnet.encoded).map(\.value)
    return Pair(storage[Network.items.subnetBootnodes(subnet)], Pair(reachable(nodes), reachable(queued)))
  }
}
