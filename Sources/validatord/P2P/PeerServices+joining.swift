import LibP2P

extension PeerServices {
  /// Connects with a command's target. One that is only an id is looked up among the peers that `bootstrap` leads to.
  ///
  /// - Throws: ``CommandError`` `usage.bootstrap`, `p2p.no-kademlia`; what connecting throws.
  func connect(to target: PeerTarget, via bootstrap: [Multiaddr]) async throws -> P2PConnection {
    switch target {
    case .address(let address): return try await host.connect(at: address)
    case .peer(let peer):
      guard !bootstrap.isEmpty else {
        throw CommandError(
          "usage.bootstrap", "where \(peer) is has to be looked up, and there is nobody to ask",
          remedy: "Give --bootstrap, or an address such as /ip4/127.0.0.1/tcp/4001/p2p/\(peer).")
      }
      try await join(via: bootstrap)
      return try await host.connect(to: peer)
    }
  }

  /// Connects with the bootstrap peers; one that serves Kademlia is enough.
  ///
  /// - Throws: ``CommandError`` `p2p.no-kademlia`; what connecting throws.
  func join(via bootstrap: [Multiaddr]) async throws {
    var failure: (any Error)?
    for address in bootstrap {
      do {
        let connection = try await host.connect(at: address)
        let identity = try await identify.identify(connection)
        guard identity.protocols.contains(KademliaService.protocolID) else {
          throw CommandError(
            "p2p.no-kademlia", "\(address) does not serve \(KademliaService.protocolID)",
            remedy: "Give a bootstrap peer that serves it; a mesh node does unless it runs as a client",
            status: .wrongPeer)
        }
      } catch {
        failure = error
      }
    }
    if kademlia.routingTableCount == 0, let failure { throw failure }
  }
}
