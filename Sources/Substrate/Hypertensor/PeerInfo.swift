/// A peer as the chain stores it.
public struct PeerInfo: Sendable, Hashable {
  /// The peer id's text, such as `12D3Koo…`; the chain stores the ASCII bytes of it.
  public let peerID: String
  /// Generation B and C: a binary multiaddr that ends with `/p2p`. Generation A: unchecked bytes, text in practice.
  public let multiaddr: [UInt8]?

  public init(peerID: String, multiaddr: [UInt8]? = nil) {
    self.peerID = peerID
    self.multiaddr = multiaddr
  }

  init(_ value: ScaleValue) throws(ScaleError) {
    peerID = try value.field("peer_id") { v throws(ScaleError) in try v.peerID() }
    multiaddr = try value.field("multiaddr") { v throws(ScaleError) in
      try v.optional { v throws(ScaleError) in try v.byteArray() }
    }
  }

  /// As generations B and C want it in calls.
  var value: ScaleValue {
    .fields([
      ScaleValue.Field("peer_id", .bytes(Array(peerID.utf8))),
      ScaleValue.Field("multiaddr", .option(multiaddr.map { .bytes($0) })),
    ])
  }
}

/// Views of the chain's own types.
extension ScaleValue {
  func account() throws(ScaleError) -> AccountID {
    let bytes = try byteArray()
    guard let account = try? AccountID(bytes: bytes) else {
      throw ScaleError(.mismatch, "an account of 20 bytes expected, \(bytes.count) found")
    }
    return account
  }

  /// Text that the chain keeps as bytes. Peer ids are ASCII; anything else is refused.
  func peerID() throws(ScaleError) -> String {
    let bytes = try byteArray()
    guard bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
      throw ScaleError(.malformed, "a peer id that is not printable ASCII")
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  func optionalBytes() throws(ScaleError) -> [UInt8]? {
    try optional { v throws(ScaleError) in try v.byteArray() }
  }

  static func account(_ account: AccountID) -> ScaleValue { .bytes(account.bytes) }
  static func id(_ id: UInt32) -> ScaleValue { .unsigned(UInt128(id)) }
}
