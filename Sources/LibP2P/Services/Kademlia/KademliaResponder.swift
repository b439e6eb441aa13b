import NIOCore

/// What this node answers to a Kademlia request: pure, given what it knows.
///
/// It names peers and keeps no values: those are asked of others, and storing one here is refused.
struct KademliaResponder {
  let ownID: PeerID
  let table: RoutingTable
  var providers = ProviderRecords()
  var now = NIODeadline.now()
  /// Where a peer may be reached, as far as the one who asks can use it.
  let addresses: (PeerID) -> [Multiaddr]
  let isConnected: (PeerID) -> Bool

  /// The answer, or nil for a request that has none here: close the stream.
  func answer(_ request: KademliaMessage, from requester: PeerID) -> KademliaMessage? {
    switch request.kind {
    case .ping:
      return KademliaMessage(.ping)
    case .findNode:
      var answer = KademliaMessage(.findNode)
      let target = try? PeerID(bytes: request.key)
      answer.closerPeers = closer(to: request.key, for: requester, first: target)
      return answer
    case .getValue, .getProviders:
      var answer = KademliaMessage(request.kind, key: request.key)
      answer.closerPeers = closer(to: request.key, for: requester, first: nil)
      if request.kind == .getProviders {
        answer.providers = named(providers.providers(of: request.key, now: now), for: requester)
      }
      return answer
    case .addProvider:
      // py-libp2p waits for the key to come back; go-libp2p waits for nothing.
      return KademliaMessage(.addProvider, key: request.key)
    case .putValue:
      return nil
    }
  }

  /// The peers closest to `key` that can be told, the target itself before all: it is named whenever its address is
  /// known, whether it serves Kademlia or not (mesh-wire.md §1.6).
  private func closer(to key: [UInt8], for requester: PeerID, first target: PeerID?) -> [KademliaMessage.Peer] {
    let closest = table.closest(to: KademliaKey(hashing: key))
    return named([target].compactMap(\.self) + closest.filter { $0 != target }, for: requester)
  }

  /// Those of `peers` that another one can reach, and where.
  private func named(_ peers: [PeerID], for requester: PeerID) -> [KademliaMessage.Peer] {
    peers.lazy
      .filter { $0 != requester && $0 != ownID }
      .map { peer in
        KademliaMessage.Peer(
          peer, addresses: Array(addresses(peer).prefix(KademliaMessage.maximumAddresses)),
          connection: isConnected(peer) ? .connected : .notConnected)
      }
      .filter { !$0.addresses.isEmpty }
      .prefix(RoutingTable.bucketSize + 1).map(\.self)
  }
}
