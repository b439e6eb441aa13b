import Crypto
import Foundation
import _CryptoExtras

/// The cost of scrypt (RFC 7914) and its bounds, which a hostile file cannot get around.
struct ScryptParameters: Codable, Hashable, Sendable {
  /// The cost in time and memory, a power of two.
  let n: Int
  /// The block size; memory is 128 · n · r bytes.
  let r: Int
  /// The repetitions.
  let p: Int

  /// For new files: 128 MiB, about half a second.
  static let standard = ScryptParameters(n: 1 << 17, r: 8, p: 1)

  /// The most memory that a file may ask for: what the Ethereum tools' standard takes.
  static let maximumMemory = 256 << 20
  /// The most n · r · p, a bound on time: twice the Ethereum tools' standard.
  static let maximumWork = 1 << 22
  /// The largest r for which swift-crypto reserves the memory that its scrypt needs.
  static let maximumBlockSize = 16
  /// The most bytes of a passphrase.
  static let maximumPassphraseLength = 1024
  /// The most bytes of a salt.
  static let maximumSaltLength = 64

  /// Derives a key of `length` bytes.
  ///
  /// - Throws: ``KeyFileError`` `keyfile.parameters` beyond the bounds, `keyfile.passphrase.unfit`.
  func key(from passphrase: String, salt: [UInt8], length: Int, path: String) throws -> SymmetricKey {
    try Self.check(salt: salt, passphrase: passphrase, path: path)
    guard n >= 2, n & (n - 1) == 0, (1...Self.maximumBlockSize).contains(r), p >= 1,
      n <= Self.maximumMemory / (128 * r), p <= Self.maximumWork / (n * r), n < 1 << min(16 * r, 62)
    else {
      throw KeyFileError(.parameters, path, "asks for scrypt with n=\(n), r=\(r), p=\(p)")
    }
    var passphrase = Array(passphrase.utf8)
    defer { passphrase.wipe() }
    return try KDF.Scrypt.deriveKey(
      from: passphrase, salt: salt, outputByteCount: length, rounds: n, blockSize: r, parallelism: p)
  }

  /// The bounds that all key derivations share.
  static func check(salt: [UInt8], passphrase: String, path: String) throws {
    guard (1...maximumPassphraseLength).contains(passphrase.utf8.count) else {
      throw KeyFileError(.unfitPassphrase, path, "cannot have an empty or overlong passphrase")
    }
    guard (1...maximumSaltLength).contains(salt.count) else {
      throw KeyFileError(.parameters, path, "has a salt of \(salt.count) bytes")
    }
  }
}
