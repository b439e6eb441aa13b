/// Which binary multiaddrs the chain stores: those of its own table that end with a peer id (spec/chain.md §5).
///
/// The table is not that of the multiaddr specification: QUIC is unknown to it, and UDP has another number.
enum MultiaddrRules {
  static func check(_ bytes: [UInt8]) throws(NetworkError) {
    var rest = bytes[...]
    var last: UInt64 = 0
    while !rest.isEmpty {
      last = try varint(&rest)
      switch last {
      case 4: try skip(4, &rest)
      case 41: try skip(16, &rest)
      case 6, 17: try skip(2, &rest)
      case 54, 55, 56, 421: try skip(try varint(&rest), &rest)
      case 477, 478: break
      default: throw .multiaddrInvalidProtocol
      }
    }
    guard last == 421 else { throw .multiaddrInvalidProtocol }
  }

  private static func varint(_ rest: inout ArraySlice<UInt8>) throws(NetworkError) -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 63, by: 7) {
      guard let byte = rest.popFirst() else { throw .multiaddrInvalidVarint }
      value |= UInt64(byte & 0x7f) << shift
      if byte & 0x80 == 0 { return value }
    }
    throw .multiaddrInvalidVarint
  }

  private static func skip(_ count: UInt64, _ rest: inout ArraySlice<UInt8>) throws(NetworkError) {
    guard count <= UInt64(rest.count) else { throw .multiaddrTruncated }
    rest = rest.dropFirst(Int(count))
  }
}
