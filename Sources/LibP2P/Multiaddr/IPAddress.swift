#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Four bytes that name a host on IPv4.
public struct IPv4Address: Hashable, Sendable, CustomStringConvertible {
  /// In network order.
  public let bytes: [UInt8]

  /// Nil unless there are four bytes.
  public init?(bytes: some Collection<UInt8>) {
    guard bytes.count == 4 else { return nil }
    self.bytes = Array(bytes)
  }

  /// Reads dotted decimal.
  public init?(_ text: some StringProtocol) {
    guard let bytes = parse(String(text), family: AF_INET, count: 4) else { return nil }
    self.bytes = bytes
  }

  /// Dotted decimal.
  public var description: String { bytes.map(String.init).joined(separator: ".") }

  /// How far the address reaches.
  public var scope: AddressScope {
    switch (bytes[0], bytes[1]) {
    case (0, _): .unspecified
    case (127, _): .loopback
    case (169, 254): .linkLocal
    case (10, _), (172, 16...31), (192, 168), (100, 64...127): .privateNetwork
    case (224..., _): .unroutable
    default: .global
    }
  }
}

/// Sixteen bytes that name a host on IPv6.
public struct IPv6Address: Hashable, Sendable, CustomStringConvertible {
  /// In network order.
  public let bytes: [UInt8]

  /// Nil unless there are sixteen bytes.
  public init?(bytes: some Collection<UInt8>) {
    guard bytes.count == 16 else { return nil }
    self.bytes = Array(bytes)
  }

  /// Reads the forms of RFC 4291 §2.2, without a zone.
  public init?(_ text: some StringProtocol) {
    guard let bytes = parse(String(text), family: AF_INET6, count: 16) else { return nil }
    self.bytes = bytes
  }

  /// The form of RFC 5952.
  public var description: String {
    var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    _ = inet_ntop(AF_INET6, bytes, &text, socklen_t(text.count))
    return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  /// The IPv4 address that `::ffff:0:0/96` holds.
  var mappedIPv4: IPv4Address? {
    bytes.starts(with: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]) ? IPv4Address(bytes: bytes.suffix(4)) : nil
  }

  /// How far the address reaches. An IPv4 address written as IPv6 reaches as far as it does by itself.
  public var scope: AddressScope {
    if let mappedIPv4 { return mappedIPv4.scope }
    if bytes.dropLast().allSatisfy({ $0 == 0 }) {
      switch bytes[15] {
      case 0: return .unspecified
      case 1: return .loopback
      default: break
      }
    }
    switch (bytes[0], bytes[1] & 0xc0) {
    case (0xfe, 0x80): return .linkLocal
    case (0xfe, 0xc0), (0xfc...0xfd, _): return .privateNetwork
    case (0xff, _): return .unroutable
    default: return .global
    }
  }
}

/// How far an address reaches: what decides whether it is worth dialing when a stranger advertises it
/// (threats.md part 2, "private address dialing").
public enum AddressScope: Sendable {
  /// Any address of this host; only good for listening.
  case unspecified
  case loopback
  case linkLocal
  /// RFC 1918, RFC 6598 and unique local addresses.
  case privateNetwork
  /// Multicast and reserved.
  case unroutable
  case global
}

private func parse(_ text: String, family: Int32, count: Int) -> [UInt8]? {
  var bytes = [UInt8](repeating: 0, count: count)
  // C would stop at a zero and take what stands before it.
  guard !text.utf8.contains(0) else { return nil }
  return inet_pton(family, text, &bytes) == 1 ? bytes : nil
}
