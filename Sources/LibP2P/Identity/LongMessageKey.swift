import COpenSSL
import Foundation

/// An Ed25519 key in libcrypto, for long messages.
///
/// A signature passes twice over its message. The SHA-512 of libcrypto uses vectors on processors of all makers, that of
/// swift-crypto only on some: of 64 KiB the signature is made in two thirds of the time. With short messages the curve
/// counts for more, and libcrypto's is the slower one. The signatures are the same: Ed25519 leaves nothing to chance
/// (RFC 8032 §5.1.6).
final class LongMessageKey: Sendable {
  /// The length in bytes from which messages are long.
  static let minimumLength = 32 << 10

  private static let signatureLength = 64
  /// libcrypto locks what it changes inside a key, so several threads may use one.
  private nonisolated(unsafe) let key: OpaquePointer

  /// Nil if libcrypto refuses.
  init?(seed: Data) {
    defer { ERR_clear_error() }
    let key = seed.withUnsafeBytes {
      EVP_PKEY_new_raw_private_key(
        EVP_PKEY_ED25519, nil, $0.assumingMemoryBound(to: UInt8.self).baseAddress, $0.count)
    }
    guard let key else { return nil }
    self.key = key
  }

  deinit { EVP_PKEY_free(key) }

  /// Nil if libcrypto refuses.
  func signature(for message: [UInt8]) -> [UInt8]? {
    defer { ERR_clear_error() }
    guard let context = EVP_MD_CTX_new() else { return nil }
    defer { EVP_MD_CTX_free(context) }
    var signature = [UInt8](repeating: 0, count: Self.signatureLength)
    var length = signature.count
    guard EVP_DigestSignInit(context, nil, nil, nil, key) == 1,
      EVP_DigestSign(context, &signature, &length, message, message.count) == 1, length == signature.count
    else { return nil }
    return signature
  }
}
