/// An `EthereumSignature`: r ‖ s ‖ v over keccak256 of a message (chain.md §2).
///
/// Like the runtime, a high s is accepted here; ``isLowS`` tells. Two byte strings can therefore be
/// signatures of one account over one message.
public struct AccountSignature: Hashable, Sendable, CustomStringConvertible {
  /// Bytes in a signature.
  public static let length = 65

  /// r ‖ s ‖ v as given, 65 bytes: the SCALE form.
  public let bytes: [UInt8]

  /// Takes r(32) ‖ s(32) ‖ v(1), v being 0, 1, 27 or 28.
  ///
  /// - Throws: ``AccountKeyError`` with the code `account.signature.length`,
  ///   `account.signature.recovery-id`, or `account.signature.range` if r or s is zero or not below
  ///   the order of the group.
  public init(bytes: [UInt8]) throws {
    guard bytes.count == Self.length, let v = bytes.last else {
      throw AccountKeyError(.signatureLength, "a signature has 65 bytes, not \(bytes.count)")
    }
    guard [0, 1, 27, 28].contains(v) else {
      throw AccountKeyError(.recoveryID, "v of a signature is 0, 1, 27 or 28, not \(v)")
    }
    for (name, scalar) in [("r", bytes[0..<32]), ("s", bytes[32..<64])] {
      guard scalar.contains(where: { $0 != 0 }), scalar.lexicographicallyPrecedes(Secp256k1.order) else {
        throw AccountKeyError(
          .signatureRange, "\(name) of a signature is not between 1 and the group's order")
      }
    }
    self.bytes = bytes
  }

  /// Whether s is in the lower half of its range, as all signatures made here are.
  public var isLowS: Bool {
    !Secp256k1.halfOrder.lexicographicallyPrecedes(bytes[32..<64])
  }

  /// The key that signed keccak256(`message`).
  ///
  /// - Throws: ``AccountKeyError`` `account.signature.unrecoverable` if no key can have made it.
  public func recover(message: [UInt8]) throws -> AccountPublicKey {
    try recover(digest: Keccak256.hash(message))
  }

  /// The key that signed the 32 bytes of `digest`.
  ///
  /// - Throws: ``AccountKeyError``: `account.digest` for another length,
  ///   `account.signature.unrecoverable` if no key can have made the signature.
  public func recover(digest: [UInt8]) throws -> AccountPublicKey {
    guard digest.count == Secp256k1.digestLength else {
      throw AccountKeyError(.digest, "a digest to sign has 32 bytes, not \(digest.count)")
    }
    let v = bytes[64]
    let point = Secp256k1.shared.recover(
      compact: Array(bytes.prefix(64)), recoveryID: v < 27 ? v : v - 27, digest: digest)
    guard let point else {
      throw AccountKeyError(.unrecoverable, "no public key belongs to the signature")
    }
    return AccountPublicKey(point: point)
  }

  /// Hexadecimal with `0x`.
  public var description: String {
    "0x" + Hexadecimal.text(bytes)
  }
}
