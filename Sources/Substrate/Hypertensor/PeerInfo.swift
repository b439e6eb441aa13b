/// A peer as the chain stores it.
public struct PeerInfo: Sendable, Hashable {
  /// The peer id's text, such as `12D3Koo…`; the chain stores the ASCII bytes of it. Bytes that are no text
  /// are given as `0x` and hex.
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

  /// Text that the chain keeps as bytes. The chain looks at the first of them only, so a stranger can store
  /// any others: these are given as `0x` and hex, which no peer has for its id, and hide nobody else's.
  func peerID() throws(ScaleError) -> String {
    let bytes = try byteArray()
    let isText = bytes.allSatisfy { $0 > 0x20 && $0 < 0x7f }
    return isText ? String(decoding: bytes, as: UTF8.self) : Hex.encode(bytes)
  }

  func optionalBytes() throws(ScaleError) -> [UInt8]? {
    try optional { v throws(ScaleError) in try v.byteArray() }
  }

  static func account(_ account: AccountID) -> ScaleValue { .bytes(account.bytes) }
  static func id(_ id: UInt32) -> ScaleValue { .unsigned(UInt128(id)) }
}
