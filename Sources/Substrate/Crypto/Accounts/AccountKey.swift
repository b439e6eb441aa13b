/// The secret of an account, which signs for it.
///
/// The secret is overwritten in memory when the last reference goes, and appears in no description,
/// dump or error.
public final class AccountKey: Sendable {
  /// The point that belongs to the secret.
  public let publicKey: AccountPublicKey

  /// The account that the key signs for.
  public let accountID: AccountID

  /// For files and derivations of this library only.
  let secret: SecretBytes

  /// Takes a 32-byte secret; the caller's copy stays the caller's to care for.
  ///
  /// - Throws: ``AccountKeyError`` `account.secret` unless it is 32 bytes in 1..<n.
  public convenience init(secret: [UInt8]) throws {
    try self.init(SecretBytes(secret))
  }

  init(_ secret: SecretBytes) throws {
    guard let point = Secp256k1.shared.publicKey(of: secret) else {
      throw AccountKeyError(.secret, "not a secret of secp256k1")
    }
    self.secret = secret
    publicKey = AccountPublicKey(point: point)
    accountID = publicKey.accountID
  }

  /// A new key from the system's random numbers.
  ///
  /// - Throws: ``AccountKeyError`` `account.secret` if the system gives no usable number.
  public static func generate() throws -> AccountKey {
    var generator = SystemRandomNumberGenerator()
    return try generate(using: &generator)
  }

  /// A new key from `generator`, which must be fit for cryptography.
  ///
  /// - Throws: ``AccountKeyError`` `account.secret` if it gives no number in range, which by chance
  ///   happens once in 2^128.
  public static func generate(using generator: inout some RandomNumberGenerator) throws -> AccountKey {
    try AccountKey(
      SecretBytes(count: Secp256k1.secretLength) { memory in
        for index in memory.indices {
          memory[index] = .random(in: .min ... .max, using: &generator)
        }
      })
  }

  /// Signs keccak256(`message`) with the nonce of RFC 6979 and low s, v being 0 or 1.
  ///
  /// - Throws: ``AccountKeyError`` `account.signing` if the result does not verify.
  public func sign(_ message: [UInt8]) throws -> AccountSignature {
    try sign(digest: Keccak256.hash(message))
  }

  /// Signs the 32 bytes of `digest`.
  ///
  /// - Throws: ``AccountKeyError``: `account.digest` for another length, `account.signing` if the
  ///   result does not verify.
  public func sign(digest: [UInt8]) throws -> AccountSignature {
    guard digest.count == Secp256k1.digestLength else {
      throw AccountKeyError(.digest, "a digest to sign has 32 bytes, not \(digest.count)")
    }
    guard let (compact, recoveryID) = Secp256k1.shared.sign(digest, with: secret) else {
      throw AccountKeyError(.signing, "libsecp256k1 did not sign for \(accountID)")
    }
    let signature = try AccountSignature(bytes: compact + [recoveryID])
    // A deterministic signature that a hardware fault has touched gives the secret away, so it is
    // checked before anybody sees it.
    guard try signature.recover(digest: digest) == publicKey else {
      throw AccountKeyError(.signing, "a signature for \(accountID) does not verify")
    }
    return signature
  }
}

extension AccountKey: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// The account; never the secret.
  public var description: String { "AccountKey(\(accountID))" }

  /// The account; never the secret.
  public var debugDescription: String { description }

  /// The account; never the secret.
  public var customMirror: Mirror { Mirror(self, children: ["accountID": accountID]) }
}
