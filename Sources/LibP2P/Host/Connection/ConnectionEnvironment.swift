import NIOCore

/// Serves one inbound stream. When it returns, the stream is closed; when it throws, the stream is aborted.
/// Its task is cancelled when the peer aborts the stream or the connection ends.
public typealias StreamHandler = @Sendable (P2PStream) async throws -> Void

/// What a connection needs of its host.
struct ConnectionEnvironment: Sendable {
  /// What a connection tells its host, from its event loop.
  enum Report: Sendable {
    case opened(P2PConnection, protocolID: String, Direction)
    case ended(P2PConnection, any LibP2PError)
    /// A peer broke a protocol or used up what strangers may use; it has no id before it is authenticated.
    case offended(PeerID?, Multiaddr, component: String, any LibP2PError)
  }

  var resources: ResourceManager
  var timeouts: HostTimeouts
  var yamux: YamuxLimits
  /// The handler of a protocol; nil if the host does not speak it with strangers or at all.
  var handler: @Sendable (_ protocolID: String) -> PlacedHandler?
  var report: @Sendable (Report) -> Void
}
