/// Finds the addresses of a peer, for instance by Kademlia.
public protocol PeerRouting: Sendable {
  /// Addresses under which `peer` may be reached, best first; empty if none are known.
  func addresses(of peer: PeerID) async throws -> [Multiaddr]
}
