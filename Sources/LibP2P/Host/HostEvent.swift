/// What happens at a host, for those who watch it.
public enum HostEvent: Sendable {
  /// A connection is ready for streams.
  case connected(P2PConnection)
  /// A connection ended, and why.
  case disconnected(P2PConnection, any LibP2PError)
  /// A stream was negotiated.
  case streamOpened(P2PConnection, protocolID: String, Direction)
  /// A peer could not be reached.
  case dialFailed(PeerID?, any LibP2PError)
  /// A peer broke a protocol; its connection is closed.
  case misbehaved(PeerID?, Multiaddr, any LibP2PError)
}
