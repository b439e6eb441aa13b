/// What the host knows of addresses, its own and others'.
extension P2PHost {
  /// The addresses listened on, with the ports that were given.
  public var listenAddresses: [Multiaddr] {
    state.withLock(\.listeners).compactMap { $0.localAddress.flatMap(Multiaddr.init(tcp:)) }
  }

  /// The addresses to tell others: what is listened on, and what others agree to see.
  public var advertisedAddresses: [Multiaddr] {
    let own = listenAddresses.filter { $0.scope != .unspecified }
    return own + state.withLock(\.observed.confirmed).filter { !own.contains($0) }
  }

  /// Notes the address under which a peer says it sees this node. Only a peer that dialed this node can know an
  /// address that others can dial, so only inbound connections count.
  public func noteObserved(_ address: Multiaddr, by connection: P2PConnection) {
    guard connection.direction == .inbound else { return }
    state.withLock { $0.observed.report(address, by: connection.remoteAddress) }
  }

  /// Notes what a connected peer serves, so that streams to it need not wait for its consent.
  public func noteProtocols(_ protocols: Set<String>, of peer: PeerID) {
    state.withLock { if !$0.table[peer].isEmpty { $0.protocols[peer] = protocols } }
  }

  /// Where addresses of peers come from that are to be called and not connected.
  public func setRouting(_ routing: (any PeerRouting)?) { state.withLock { $0.routing = routing } }
}
