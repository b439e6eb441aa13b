/// The protocols that multiaddrs here may name. The raw value is the code on the wire (multiformats
/// "multiaddr" protocol table).
public enum MultiaddrProtocol: UInt64, Sendable, CaseIterable {
  case ip4 = 4
  case tcp = 6
  case ip6 = 41
  case dns = 53
  case dns4 = 54
  case dns6 = 55
  case dnsaddr = 56
  case udp = 273
  case p2pCircuit = 290
  case unix = 400
  case p2p = 421
  case quicV1 = 461
  case ws = 477
  case wss = 478

  /// The name in text.
  public var name: String {
    switch self {
    case .ip4: "ip4"
    case .tcp: "tcp"
    case .ip6: "ip6"
    case .dns: "dns"
    case .dns4: "dns4"
    case .dns6: "dns6"
    case .dnsaddr: "dnsaddr"
    case .udp: "udp"
    case .p2pCircuit: "p2p-circuit"
    case .unix: "unix"
    case .p2p: "p2p"
    case .quicV1: "quic-v1"
    case .ws: "ws"
    case .wss: "wss"
    }
  }

  /// What a value has on the wire.
  enum Size: Equatable {
    case none
    case fixed(Int)
    /// A varint length comes first.
    case prefixed
  }

  var size: Size {
    switch self {
    case .ip4: .fixed(4)
    case .ip6: .fixed(16)
    case .tcp, .udp: .fixed(2)
    case .dns, .dns4, .dns6, .dnsaddr, .p2p, .unix: .prefixed
    case .quicV1, .ws, .wss, .p2pCircuit: .none
    }
  }

  private static let byName: [Substring: MultiaddrProtocol] = {
    var table: [Substring: MultiaddrProtocol] = [:]
    for entry in allCases { table[Substring(entry.name)] = entry }
    // What /p2p was called before.
    table["ipfs"] = .p2p
    return table
  }()

  init?(name: Substring) {
    guard let entry = Self.byName[name] else { return nil }
    self = entry
  }
}
