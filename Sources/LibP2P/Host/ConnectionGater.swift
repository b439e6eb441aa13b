/// Decides whom this node connects with. Proof of stake plugs in here.
///
/// The first two questions are asked on an event loop before any work is done and must not block; the third one
/// comes after the handshake, when the peer is known, and may take as long as the upgrade's deadline allows.
public protocol ConnectionGater: Sendable {
  /// Whether to dial a peer at an address. `peer` is nil when the address does not name one.
  func allowsDial(to peer: PeerID?, at address: Multiaddr) -> Bool
  /// Whether to accept a connection from an address, before the handshake.
  func allowsAccept(from address: Multiaddr) -> Bool
  /// Whether to keep the connection with a peer that the handshake authenticated.
  func allowsConnection(with peer: PeerID, at address: Multiaddr, _ direction: Direction) async -> Bool
}

extension ConnectionGater {
  public func allowsDial(to peer: PeerID?, at address: Multiaddr) -> Bool { true }
  public func allowsAccept(from address: Multiaddr) -> Bool { true }
  public func allowsConnection(with peer: PeerID, at address: Multiaddr, _ direction: Direction) async -> Bool {
    true
  }
}

/// Connects with everybody.
public struct OpenGater: ConnectionGater {
  public init() {}
}
