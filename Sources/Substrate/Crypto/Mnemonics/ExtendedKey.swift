import Crypto
import Foundation

/// A secret with its chain code: a node of the tree that BIP-32 derives from a seed.
struct ExtendedKey {
  let secret: SecretBytes
  private let chainCode: SecretBytes

  /// The root of the tree (BIP-32, "Master key generation").
  init(seed: SecretBytes) {
    let key = SecretBytes(Array("Bitcoin seed".utf8))
    (secret, chainCode) = seed.withUnsafeBytes { Self.halves(of: $0, keyed: key) }
  }

  private init(secret: SecretBytes, chainCode: SecretBytes) {
    self.secret = secret
    self.chainCode = chainCode
  }

  /// The child at `index`, hardened from 2^31 (BIP-32, "Private parent key → private child key").
  ///
  /// - Throws: ``MnemonicError`` `mnemonic.derivation` if the child is not a secret of the curve.
  func child(_ index: UInt32) throws -> ExtendedKey {
    var input: [UInt8] = []
    defer { input.wipe() }
    input.reserveCapacity(37)
    if index & DerivationPath.hardened != 0 {
      input.append(0)
      secret.withUnsafeBytes { input.append(contentsOf: $0) }
    } else {
      input += try AccountKey(secret).publicKey.compressed
    }
    withUnsafeBytes(of: index.bigEndian) { input.append(contentsOf: $0) }
    let (tweak, chainCode) = input.withUnsafeBytes { Self.halves(of: $0, keyed: self.chainCode) }
    guard let sum = Secp256k1.shared.sum(secret, tweak: tweak) else {
      throw MnemonicError(.derivation, "the derivation path has no key for this phrase")
    }
    return ExtendedKey(secret: sum, chainCode: chainCode)
  }

  /// The two halves of HMAC-SHA512.
  private static func halves(
    of input: UnsafeRawBufferPointer, keyed key: SecretBytes
  ) -> (SecretBytes, SecretBytes) {
    let key = key.withUnsafeBytes { SymmetricKey(data: $0) }
    return HMAC<SHA512>.authenticationCode(for: input, using: key).withUnsafeBytes {
      (SecretBytes($0.prefix(32)), SecretBytes($0.suffix(32)))
    }
  }
}
