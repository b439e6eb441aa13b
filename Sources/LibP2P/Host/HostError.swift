/// Why the host can't do what it was asked, or why a connection ended.
public struct HostError: LibP2PError, Equatable {
  /// The kinds of failure; the raw value is the stable code.
  public enum Code: String, Sendable {
    /// An address can't be listened on.
    case listen = "host.listen"
    /// No known address of the peer can be dialed by this host.
    case noAddress = "host.no-address"
    /// A name has no address.
    case unresolved = "host.unresolved"
    /// No address of the peer answered.
    case unreachable = "host.unreachable"
    /// A machine answered, and nothing listens at the port.
    case connectionRefused = "host.connection-refused"
    /// The peer or a phase of the upgrade took too long.
    case timeout = "host.timeout"
    /// The gater does not want this peer or address.
    case refused = "host.refused"
    /// Dialing failed not long ago.
    case backoff = "host.backoff"
    /// The host dialed itself.
    case ownself = "host.self"
    /// The connection broke or the peer closed it.
    case connectionLost = "host.connection-lost"
    /// This side closed the connection.
    case closed = "host.closed"
    /// The host is not running any more.
    case stopped = "host.stopped"
  }

  /// Which failure it is.
  public let kind: Code
  public let message: String

  package init(_ kind: Code, _ message: String) {
    self.kind = kind
    self.message = message
  }

  public var code: String { kind.rawValue }

  public var remedy: String {
    switch kind {
    case .listen: "Choose another address or port, or stop what uses it"
    case .noAddress: "Give a multiaddr with /ip4, /ip6 or /dns and /tcp"
    case .unresolved: "Check the name and the resolver of this machine"
    case .unreachable: "Check that the peer runs and that the address, port and firewall are right"
    case .connectionRefused: "Start the peer, or correct the port"
    case .timeout: "Try again; the peer or the network is slow"
    case .refused: "The policy of this node excludes it; change the policy to allow it"
    case .backoff: "Wait before dialing again"
    case .ownself: "Give the address of another peer"
    case .connectionLost: "Dial again; a peer that hangs up each time does not want this node"
    case .closed, .stopped: ""
    }
  }
}
