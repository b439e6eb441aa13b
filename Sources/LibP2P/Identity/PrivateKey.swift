import Crypto
import Foundation
import SwiftProtobuf
import _CryptoExtras

/// A peer's identity. It signs, it names its ``publicKey``, and no description of it shows the secret.
///
/// Signing takes no public key from outside, so a wrong one can't be mixed in (RUSTSEC-2022-0093).
public struct PrivateKey: Sendable {
  /// The longest encoding read: RSA of 8192 bits with its PKCS#1 fields.
  public static let maximumEncodedLength = 5_000

  /// How the two Python stacks write an Ed25519 key; the other kinds look the same in both.
  public enum Dialect: String, Sendable, CaseIterable {
    /// go-libp2p and the mesh template: seed and public key, 64 bytes (mesh-wire.md §1.4).
    case mesh
    /// py-libp2p and the subnet template: the seed, 32 bytes (subnet-wire.md §2).
    case subnet
  }

  private enum Key {
    case ed25519(Curve25519.Signing.PrivateKey, forLongMessages: LongMessageKey?)
    case secp256k1(SymmetricKey)
    case rsa(_RSA.Signing.PrivateKey)
  }

  private let key: Key
  /// The public half.
  public let publicKey: PublicKey

  /// A new key from the system's random numbers. RSA takes noticeable time.
  ///
  /// - Parameter rsaBits: the size of an RSA key.
  /// - Throws: ``KeyError`` `key.size` if `rsaBits` is outside ``PublicKey/rsaBits``.
  public static func generate(_ type: KeyType, rsaBits: Int = 2048) throws(KeyError) -> PrivateKey {
    switch type {
    case .ed25519:
      return PrivateKey(Curve25519.Signing.PrivateKey())
    case .secp256k1:
      // The chance of drawing a number outside the group is 2^-128; drawing again costs nothing.
      while true {
        if let key = PrivateKey(secp256k1: SymmetricKey(size: .bits256)) { return key }
      }
    case .rsa:
      guard PublicKey.rsaBits.contains(rsaBits),
        let key = try? _RSA.Signing.PrivateKey(keySize: .init(bitCount: rsaBits))
      else { throw KeyError(.size, "an RSA key of \(rsaBits) bits is not made") }
      return try PrivateKey(key)
    }
  }

  /// The Ed25519 key of a 32-byte seed.
  ///
  /// - Throws: ``KeyError`` `key.malformed` for another length.
  public init(ed25519Seed seed: [UInt8]) throws(KeyError) {
    guard let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: seed) else {
      throw KeyError(.malformed, "an Ed25519 seed has 32 bytes, not \(seed.count)")
    }
    self.init(key)
  }

  /// Reads the bytes of a key file, in either ``Dialect``.
  ///
  /// - Throws: ``KeyError``: `key.malformed`, `key.unsupported-type`, `key.size`, or `key.mismatch` if the
  ///   public half that stands beside a seed is another key's.
  public init(protobuf encoded: [UInt8]) throws(KeyError) {
    guard encoded.count <= Self.maximumEncodedLength,
      let message = try? PBPrivateKey(serializedBytes: encoded, options: .bounded), message.hasData
    else {
      throw KeyError(.malformed, "\(encoded.count) bytes are not a private key")
    }
    // py-libp2p leaves the type out for RSA, whose number is zero.
    switch KeyType(rawValue: message.type.rawValue) {
    case .ed25519:
      try self.init(ed25519: [UInt8](message.data))
    case .secp256k1:
      guard let key = PrivateKey(secp256k1: SymmetricKey(data: message.data)) else {
        throw KeyError(.malformed, "\(message.data.count) bytes are not a secp256k1 private key")
      }
      self = key
    case .rsa:
      guard let key = try? _RSA.Signing.PrivateKey(unsafeDERRepresentation: message.data) else {
        throw KeyError(.malformed, "\(message.data.count) bytes are not an RSA private key")
      }
      try self.init(key)
    case nil:
      throw KeyError(
        .unsupportedType, "private keys of libp2p type \(message.type.rawValue) are not supported")
    }
  }

  /// Seed, seed and public key, or seed and the public key twice (an old form of go-libp2p).
  private init(ed25519 data: [UInt8]) throws(KeyError) {
    guard [32, 64, 96].contains(data.count) else {
      throw KeyError(.malformed, "an Ed25519 private key has 32, 64 or 96 bytes, not \(data.count)")
    }
    try self.init(ed25519Seed: Array(data.prefix(32)))
    for start in stride(from: 32, to: data.count, by: 32)
    where publicKey.ed25519Bytes != Array(data[start..<start + 32]) {
      throw KeyError(.mismatch, "the file's public key does not belong to its private key")
    }
  }

  private init(_ key: Curve25519.Signing.PrivateKey) {
    self.key = .ed25519(key, forLongMessages: LongMessageKey(seed: key.rawRepresentation))
    publicKey = PublicKey(key.publicKey)
  }

  private init?(secp256k1 secret: SymmetricKey) {
    guard let point = Secp256k1.shared.publicKey(of: secret) else { return nil }
    key = .secp256k1(secret)
    publicKey = PublicKey(secp256k1: point)
  }

  private init(_ key: _RSA.Signing.PrivateKey) throws(KeyError) {
    publicKey = try PublicKey(key.publicKey)
    self.key = .rsa(key)
  }

  /// The id that peers know this key by.
  public var peerID: PeerID { PeerID(publicKey) }

  /// Signs in the scheme that ``PublicKey/isValidSignature(_:for:)`` checks.
  ///
  /// - Throws: ``KeyError`` `key.signing` if the key is unsound, such as RSA primes that don't belong together.
  public func sign(_ message: [UInt8]) throws(KeyError) -> [UInt8] {
    do {
      switch key {
      case .ed25519(let key, let long):
        if message.count >= LongMessageKey.minimumLength, let signature = long?.signature(for: message) {
          return signature
        }
        return try [UInt8](key.signature(for: message))
      case .rsa(let key):
        let digest = SHA256.hash(data: message)
        return try [UInt8](key.signature(for: digest, padding: .insecurePKCS1v1_5).rawRepresentation)
      case .secp256k1(let secret):
        if let signature = Secp256k1.shared.sign(message, with: secret) { return signature }
      }
    } catch {}
    throw KeyError(.signing, "the \(publicKey.type.name) key of \(peerID) can't sign")
  }

  /// The bytes of a key file. They are the secret itself.
  public func protobuf(for dialect: Dialect) -> [UInt8] {
    let data: Data =
      switch key {
      case .ed25519(let key, _):
        dialect == .mesh ? key.rawRepresentation + key.publicKey.rawRepresentation : key.rawRepresentation
      case .secp256k1(let secret): secret.withUnsafeBytes { Data($0) }
      case .rsa(let key): key.derRepresentation
      }
    return [0x08, UInt8(publicKey.type.rawValue), 0x12] + Varint.encode(UInt64(data.count)) + data
  }
}

extension PrivateKey {
  /// The PKCS#1 encoding of an RSA key, for paddings that ``sign(_:)`` does not have. It is the secret itself.
  package var rsaDER: [UInt8]? {
    guard case .rsa(let key) = key else { return nil }
    return [UInt8](key.derRepresentation)
  }
}

extension PrivateKey: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// Kind and peer id of the public half.
  public var description: String { "private key of \(publicKey)" }
  public var debugDescription: String { description }
  /// Empty: a dump shows nothing of the secret.
  public var customMirror: Mirror { Mirror(self, children: []) }
}
