/// One step of a multiaddr: a protocol and, for most, its value.
public enum MultiaddrComponent: Hashable, Sendable {
  case ip4(IPv4Address)
  case ip6(IPv6Address)
  /// A name to resolve to either family.
  case dns(String)
  /// A name to resolve to IPv4.
  case dns4(String)
  /// A name to resolve to IPv6.
  case dns6(String)
  /// A name whose TXT records hold whole multiaddrs.
  case dnsaddr(String)
  case tcp(UInt16)
  case udp(UInt16)
  case quicV1
  case ws
  case wss
  case p2p(PeerID)
  case p2pCircuit
  /// An absolute path, always the last component.
  case unix(String)

  /// The protocol of the component.
  public var proto: MultiaddrProtocol {
    switch self {
    case .ip4: .ip4
    case .ip6: .ip6
    case .dns: .dns
    case .dns4: .dns4
    case .dns6: .dns6
    case .dnsaddr: .dnsaddr
    case .tcp: .tcp
    case .udp: .udp
    case .quicV1: .quicV1
    case .ws: .ws
    case .wss: .wss
    case .p2p: .p2p
    case .p2pCircuit: .p2pCircuit
    case .unix: .unix
    }
  }

  /// The value on the wire, without the length that precedes those of variable size.
  var valueBytes: [UInt8] {
    switch self {
    case .ip4(let address): address.bytes
    case .ip6(let address): address.bytes
    case .tcp(let port), .udp(let port): [UInt8(port >> 8), UInt8(truncatingIfNeeded: port)]
    case .dns(let text), .dns4(let text), .dns6(let text), .dnsaddr(let text), .unix(let text):
      Array(text.utf8)
    case .p2p(let peer): peer.bytes
    case .quicV1, .ws, .wss, .p2pCircuit: []
    }
  }

  /// The value as text, nil for protocols that have none.
  var valueText: String? {
    switch self {
    case .ip4(let address): address.description
    case .ip6(let address): address.description
    case .tcp(let port), .udp(let port): String(port)
    case .dns(let text), .dns4(let text), .dns6(let text), .dnsaddr(let text): text
    case .unix(let path): String(path.unicodeScalars.dropFirst())
    case .p2p(let peer): peer.description
    case .quicV1, .ws, .wss, .p2pCircuit: nil
    }
  }

  /// Reads a value from the wire; nil if it is not one of `proto`.
  init?(_ proto: MultiaddrProtocol, bytes: some Collection<UInt8>) {
    switch proto {
    case .ip4:
      guard let address = IPv4Address(bytes: bytes) else { return nil }
      self = .ip4(address)
    case .ip6:
      guard let address = IPv6Address(bytes: bytes) else { return nil }
      self = .ip6(address)
    case .tcp, .udp:
      guard bytes.count == 2 else { return nil }
      let port = bytes.reduce(0) { $0 << 8 | UInt16($1) }
      self = proto == .tcp ? .tcp(port) : .udp(port)
    case .p2p:
      guard let peer = try? PeerID(bytes: bytes) else { return nil }
      self = .p2p(peer)
    case .dns, .dns4, .dns6, .dnsaddr, .unix:
      guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
      self.init(proto, name: text)
    case .quicV1, .ws, .wss, .p2pCircuit:
      guard bytes.isEmpty else { return nil }
      self.init(proto)
    }
  }

  /// Reads a value from text; nil if it is not one of `proto`.
  init?(_ proto: MultiaddrProtocol, text: Substring) {
    switch proto {
    case .ip4:
      guard let address = IPv4Address(text) else { return nil }
      self = .ip4(address)
    case .ip6:
      guard let address = IPv6Address(text) else { return nil }
      self = .ip6(address)
    case .tcp, .udp:
      guard text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
        let port = UInt16(text)
      else { return nil }
      self = proto == .tcp ? .tcp(port) : .udp(port)
    case .p2p:
      guard let peer = try? PeerID(text) else { return nil }
      self = .p2p(peer)
    case .dns, .dns4, .dns6, .dnsaddr, .unix:
      self.init(proto, name: String(text))
    case .quicV1, .ws, .wss, .p2pCircuit:
      return nil
    }
  }

  /// A component without a value; nil for protocols that need one.
  init?(_ proto: MultiaddrProtocol) {
    switch proto {
    case .quicV1: self = .quicV1
    case .ws: self = .ws
    case .wss: self = .wss
    case .p2pCircuit: self = .p2pCircuit
    default: return nil
    }
  }

  private init?(_ proto: MultiaddrProtocol, name: String) {
    guard proto == .unix ? Self.isPath(name) : Self.isHostName(name) else { return nil }
    switch proto {
    case .dns: self = .dns(name)
    case .dns4: self = .dns4(name)
    case .dns6: self = .dns6(name)
    case .dnsaddr: self = .dnsaddr(name)
    case .unix: self = .unix(name)
    default: return nil
    }
  }

  /// Whether `name` may go to a resolver: the characters of DNS names and no more than RFC 1035 allows.
  private static func isHostName(_ name: String) -> Bool {
    (1...253).contains(name.utf8.count)
      && name.utf8.allSatisfy { character in
        switch character {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
          true
        default: false
        }
      }
  }

  /// Whether `path` fits `sockaddr_un`, which has 107 bytes and a zero behind them.
  private static func isPath(_ path: String) -> Bool {
    path.utf8.first == UInt8(ascii: "/") && (2...107).contains(path.utf8.count) && !path.utf8.contains(0)
  }
}
