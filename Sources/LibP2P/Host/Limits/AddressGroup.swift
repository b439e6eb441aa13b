/// The addresses that one party is taken to hold: an IPv4 address, or an IPv6 network of 56 bits.
struct AddressGroup: Hashable {
  /// The IPv6 prefix that providers give to one customer, in bytes (threats.md part 3, identify).
  private static let ip6PrefixLength = 7
  private let prefix: [UInt8]

  /// Nil for addresses without an IP address.
  init?(_ address: Multiaddr) {
    switch address.components.first {
    case .ip4(let ip): prefix = ip.bytes
    case .ip6(let ip): prefix = Array(ip.mappedIPv4?.bytes[...] ?? ip.bytes.prefix(Self.ip6PrefixLength))
    default: return nil
    }
  }
}
