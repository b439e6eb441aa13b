/// A point of secp256k1, whose hash is the account.
public struct AccountPublicKey: Hashable, Sendable, CustomStringConvertible {
  /// x ‖ y, 64 bytes: what the account id is the hash of.
  public let uncompressed: [UInt8]

  /// Takes 64 bytes x ‖ y, or a SEC 1 encoding of 33 (compressed) or 65 bytes.
  ///
  /// - Throws: ``AccountKeyError`` `account.public-key` if that is no point of the curve.
  public init(bytes: [UInt8]) throws {
    let encoding = bytes.count == Secp256k1.publicKeyLength ? [0x04] + bytes : bytes
    guard let point = Secp256k1.shared.point(encoding) else {
      throw AccountKeyError(.publicKey, "\(bytes.count) bytes are no point of secp256k1")
    }
    uncompressed = point
  }

  /// Takes a point that libsecp256k1 gave.
  init(point: [UInt8]) {
    uncompressed = point
  }

  /// SEC 1's 33 bytes: the parity of y, then x.
  public var compressed: [UInt8] {
    [0x02 | (uncompressed.last ?? 0) & 1] + uncompressed.prefix(32)
  }

  /// The account: the last 20 bytes of keccak256(x ‖ y).
  public var accountID: AccountID {
    AccountID(hash: Keccak256.hash(uncompressed))
  }

  /// The compressed encoding in hexadecimal with `0x`.
  public var description: String {
    "0x" + Hexadecimal.text(compressed)
  }
}
