import Substrate

/// Peer ids and multiaddrs of nodes (spec/chain.md §5).
extension Runtime {
  /// A node's peers, each with the index in which its id stands.
  func peers(of node: SubnetNode, in subnet: UInt32) -> [(peer: PeerInfo, slot: DefaultedSlot<UInt32>)] {
    let slots: [(PeerInfo?, (UInt32, OpaquePeerID) -> DefaultedSlot<UInt32>)] = [
      (node.peer, PeerRole.main.slot), (node.bootnodePeer, PeerRole.bootnode.slot),
      (node.clientPeer, PeerRole.client.slot),
    ]
    return slots.compactMap { peer, slot in peer.map { ($0, slot(subnet, $0.peerID)) } }
  }

  /// - Throws: ``NetworkError`` unless the id has the form of one and nobody in the subnet has it or the address.
  func validate(_ peer: PeerInfo, in subnet: UInt32) throws(NetworkError) {
    try require(peer.peerID.isValid, .invalidPeerId)
    for role in PeerRole.allCases { try require(!storage.contains(role.slot(subnet, peer.peerID)), .peerIdExist) }
    try require(
      !storage.contains(Network.items.peerIdOverwatchNodeId(subnet, peer.peerID)), .peerIdExist)
    guard let multiaddr = peer.multiaddr else { return }
    try MultiaddrRules.check(multiaddr.bytes)
    try require(!storage.contains(Network.items.multiaddrSubnetNodeId(subnet, multiaddr)), .multiaddrExist)
  }

  /// Enters a validated peer into the indices.
  mutating func enter(_ peer: PeerInfo, _ role: PeerRole, _ subnet: UInt32, _ node: UInt32) {
    storage[role.slot(subnet, peer.peerID)] = node
    if let multiaddr = peer.multiaddr { storage[Network.items.multiaddrSubnetNodeId(subnet, multiaddr)] = node }
  }

  mutating func leave(_ peer: PeerInfo, _ role: PeerRole, _ subnet: UInt32) {
    storage.remove(role.slot(subnet, peer.peerID))
    if let multiaddr = peer.multiaddr { storage.remove(Network.items.multiaddrSubnetNodeId(subnet, multiaddr)) }
  }

  /// Replaces one of a node's peers; re-sending the same one is refused, because it exists.
  mutating func update(_ role: PeerRole, _ subnet: UInt32, _ node: UInt32, to peer: PeerInfo?) throws {
    try update(subnet, node) { runtime, data in
      if let peer { try runtime.validate(peer, in: subnet) }
      if let old = role.peer(of: data) { runtime.leave(old, role, subnet) }
      if let peer { runtime.enter(peer, role, subnet, node) }
      switch role {
      case .main: if let peer { data.peer = peer }
      case .bootnode: data.bootnodePeer = peer
      case .client: data.clientPeer = peer
      }
    }
  }

  /// Changes a node's record, wherever it is kept.
  mutating func update(
    _ subnet: UInt32, _ node: UInt32, _ change: (inout Runtime, inout SubnetNode) throws -> Void
  ) throws {
    for slot in [Network.items.subnetNodesData(subnet, node), Network.items.registeredSubnetNodesData(subnet, node)] {
      guard var data = storage.stored(slot) else { continue }
      try change(&self, &data)
      storage[slot] = data
      return
    }
    throw NetworkError.invalidSubnetNodeId
  }

  func node(_ subnet: UInt32, _ node: UInt32) -> SubnetNode? {
    storage.stored(Network.items.subnetNodesData(subnet, node))
      ?? storage.stored(Network.items.registeredSubnetNodesData(subnet, node))
  }
}

/// The three peers that a node may have.
enum PeerRole: Sendable, CaseIterable {
  case main, bootnode, client

  func slot(_ subnet: UInt32, _ peer: OpaquePeerID) -> DefaultedSlot<UInt32> {
    switch self {
    case .main: Network.items.peerIdSubnetNodeId(subnet, peer)
    case .bootnode: Network.items.bootnodePeerIdSubnetNodeId(subnet, peer)
    case .client: Network.items.clientPeerIdSubnetNodeId(subnet, peer)
    }
  }

  func peer(of node: SubnetNode) -> PeerInfo? {
    switch self {
    case .main: node.peer
    case .bootnode: node.bootnodePeer
    case .client: node.clientPeer
    }
  }
}
