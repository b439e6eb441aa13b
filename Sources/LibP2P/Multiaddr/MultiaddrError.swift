/// Why something is not a multiaddr.
public struct MultiaddrError: LibP2PError, Equatable {
  /// The kinds of failure; the raw value is the stable code.
  public enum Code: String, Sendable {
    case malformed = "multiaddr.malformed"
    case tooLong = "multiaddr.too-long"
    case unknownProtocol = "multiaddr.unknown-protocol"
    case value = "multiaddr.value"
    case truncated = "multiaddr.truncated"
  }

  /// Which failure it is.
  public let kind: Code
  public let message: String

  init(_ kind: Code, _ message: String) {
    self.kind = kind
    self.message = message
  }

  public var code: String { kind.rawValue }

  public var remedy: String {
    switch kind {
    case .unknownProtocol:
      "Use ip4, ip6, dns, dns4, dns6, dnsaddr, tcp, udp, quic-v1, ws, wss, p2p, p2p-circuit or unix"
    default: "An address reads like /ip4/192.0.2.1/tcp/4001/p2p/12D3KooW…"
    }
  }
}
