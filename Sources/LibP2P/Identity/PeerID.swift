import Crypto

/// The name of a peer: a multihash of its public key (libp2p "peer-ids" specification, mesh-wire.md §1.4).
///
/// Keys whose encoding has at most 42 bytes (Ed25519, secp256k1) are held inside the id; larger ones (RSA) are
/// hashed with SHA-256. Text is base58 (`12D3KooW…`, `Qm…`); the CIDv1 spelling (`bafz…`) is read too.
public struct PeerID: Hashable, Sendable {
  /// The longest encoded key that an id holds whole.
  static let maximumInlineKeyLength = 42
  /// The longest text read: CIDv1 in base32 of the longest id needs 75 characters.
  static let maximumTextLength = 80

  private static let identityCode: UInt8 = 0x00
  private static let sha256Code: UInt8 = 0x12
  /// CID version 1 and the multicodec `libp2p-key`.
  private static let cidPrefix: [UInt8] = [0x01, 0x72]

  /// The multihash: code, length, digest. This is the form on the wire.
  public let bytes: [UInt8]

  /// The id of the peer that holds `publicKey`.
  public init(_ publicKey: PublicKey) {
    let encoded = publicKey.protobuf
    if encoded.count <= Self.maximumInlineKeyLength {
      bytes = [Self.identityCode, UInt8(encoded.count)] + encoded
    } else {
      bytes = [Self.sha256Code, UInt8(SHA256.byteCount)] + SHA256.hash(data: encoded)
    }
  }

  /// Reads the multihash.
  ///
  /// - Throws: ``PeerIDError`` `peer-id.multihash` unless it is an identity of at most 42 bytes or a SHA-256.
  public init(bytes: some Collection<UInt8>) throws(PeerIDError) {
    let bytes = Array(bytes.prefix(Self.maximumInlineKeyLength + 3))
    guard bytes.count > 2, Int(bytes[1]) == bytes.count - 2,
      bytes[0] == Self.identityCode && bytes.count - 2 <= Self.maximumInlineKeyLength
        || bytes[0] == Self.sha256Code && bytes.count - 2 == SHA256.byteCount
    else {
      throw PeerIDError(.multihash, "\(bytes.count) bytes are not the multihash of a public key")
    }
    self.bytes = bytes
  }

  /// Reads base58, or a CIDv1 in base32 (`b…`) or base58 (`z…`) with the codec `libp2p-key`.
  ///
  /// - Throws: ``PeerIDError``: `peer-id.text` for anything else, `peer-id.multihash` if the text holds
  ///   something that is no peer id.
  public init(_ text: some StringProtocol) throws(PeerIDError) {
    guard text.utf8.count <= Self.maximumTextLength else {
      throw PeerIDError(.text, "a text of \(text.utf8.count) characters is not a peer id")
    }
    let decoded =
      switch text.first {
      case "b": Base32.decode(text.dropFirst())
      case "z": Base58.decode(text.dropFirst())
      default: Base58.decode(text).map { Self.cidPrefix + $0 }
      }
    guard let decoded, decoded.starts(with: Self.cidPrefix) else {
      throw PeerIDError(.text, "\(String(text).quotedForLog()) is not a peer id")
    }
    try self.init(bytes: decoded.dropFirst(Self.cidPrefix.count))
  }

  /// The key, if the id holds it whole.
  public var publicKey: PublicKey? {
    bytes.first == Self.identityCode ? try? PublicKey(protobuf: Array(bytes.dropFirst(2))) : nil
  }

  /// The CIDv1 spelling in base32.
  public var cid: String {
    "b" + Base32.encode(Self.cidPrefix + bytes)
  }
}

extension PeerID: CustomStringConvertible, Comparable, Codable {
  /// Base58, the spelling that every stack and the chain use.
  public var description: String { Base58.encode(bytes) }

  /// Orders by the bytes: both ends of a simultaneous dial come to the same decision.
  public static func < (left: PeerID, right: PeerID) -> Bool {
    left.bytes.lexicographicallyPrecedes(right.bytes)
  }

  /// Reads any text form; throws what ``init(_:)`` throws.
  public init(from decoder: any Decoder) throws {
    try self.init(decoder.singleValueContainer().decode(String.self))
  }

  /// Writes ``description``.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
