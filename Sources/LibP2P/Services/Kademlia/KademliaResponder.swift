/// What this node answers to a Kademlia request: pure, given what it knows.
///
/// It names peers and stores nothing: values and providers are asked of others, and what should be stored here is
/// refused.
struct KademliaResponder {
  let ownID: PeerID
  let table: RoutingTable
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
      return answer
    case .putValue, .addProvider:
      return nil
    }
  }

  /// The peers closest to `key` that can be told, the target itself before all: it is named whenever its address is
  /// known, whether it serves Kademlia or not (mesh-wire.md §1.6).
  private func closer(to key: [UInt8], for requester: PeerID, first target: PeerID?) -> [KademliaMessage.Peer] {
    let closest = table.closest(to: KademliaKey(hashing: key))
    let named = [target].compactMap(\.self) + closest.filter { $0 != target }
    return named.lazy
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
