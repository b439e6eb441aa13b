import Crypto
import Foundation
import SwiftProtobuf
import _CryptoExtras

/// The public half of a peer's identity (libp2p "peer-ids" specification, "Keys").
///
/// A key has exactly one encoding here: a spelling that libp2p would not write is refused, so that one key
/// never has two peer ids.
public struct PublicKey: Sendable {
  /// The longest encoding read: RSA of 8192 bits with a generous exponent.
  public static let maximumEncodedLength = 1_100
  /// RSA sizes accepted, in bits. Larger ones make a peer pay for verifying (CVE-2023-39533).
  public static let rsaBits = 2048...8192

  private enum Key {
    case ed25519(Curve25519.Signing.PublicKey)
    case secp256k1(compressed: [UInt8])
    case rsa(_RSA.Signing.PublicKey)
  }

  private let key: Key
  /// The libp2p encoding: what peer ids hash and what Noise and identify carry.
  public let protobuf: [UInt8]

  /// Reads the libp2p encoding.
  ///
  /// - Throws: ``KeyError``: `key.malformed`, `key.unsupported-type`, `key.size`, or `key.not-canonical` for
  ///   an encoding that is not the one this key has.
  public init(protobuf encoded: [UInt8]) throws(KeyError) {
    guard encoded.count <= Self.maximumEncodedLength,
      let message = try? PBPublicKey(serializedBytes: encoded, options: .bounded),
      message.hasType, message.hasData
    else {
      throw KeyError(.malformed, "\(encoded.count) bytes are not a public key")
    }
    guard let type = KeyType(rawValue: message.type.rawValue) else {
      throw KeyError(
        .unsupportedType, "public keys of libp2p type \(message.type.rawValue) are not supported")
    }
    try self.init(type: type, data: [UInt8](message.data))
    guard protobuf == encoded else {
      throw KeyError(
        .notCanonical, "an encoding of \(type.name) key \(PeerID(self)) is not the canonical one")
    }
  }

  /// Takes the bytes that the encoding holds: 32 for Ed25519, a compressed point for secp256k1, a
  /// SubjectPublicKeyInfo in DER for RSA.
  init(type: KeyType, data: [UInt8]) throws(KeyError) {
    switch type {
    case .ed25519:
      guard let key = try? Curve25519.Signing.PublicKey(rawRepresentation: data) else {
        throw KeyError(.malformed, "an Ed25519 public key has 32 bytes, not \(data.count)")
      }
      self.init(key)
    case .secp256k1:
      guard Secp256k1.shared.isPoint(data) else {
        throw KeyError(.malformed, "\(data.count) bytes are not a compressed secp256k1 point")
      }
      self.init(secp256k1: data)
    case .rsa:
      guard data.count <= Self.maximumEncodedLength,
        let key = try? _RSA.Signing.PublicKey(unsafeDERRepresentation: data)
      else { throw KeyError(.malformed, "\(data.count) bytes are not an RSA SubjectPublicKeyInfo") }
      try self.init(key)
    }
  }

  init(_ key: Curve25519.Signing.PublicKey) {
    self.init(.ed25519(key), type: .ed25519, data: key.rawRepresentation)
  }

  init(secp256k1 compressed: [UInt8]) {
    self.init(.secp256k1(compressed: compressed), type: .secp256k1, data: Data(compressed))
  }

  init(_ key: _RSA.Signing.PublicKey) throws(KeyError) {
    guard Self.rsaBits.contains(key.keySizeInBits) else {
      throw KeyError(.size, "an RSA key has \(key.keySizeInBits) bits")
    }
    self.init(.rsa(key), type: .rsa, data: key.derRepresentation)
  }

  private init(_ key: Key, type: KeyType, data: Data) {
    self.key = key
    // Written out rather than through the message type, whose serializer throws: two fields in their order.
    let length = Varint.encode(UInt64(data.count))
    protobuf = [0x08, UInt8(type.rawValue), 0x12] + length + data
  }

  /// Which kind of key it is.
  public var type: KeyType {
    switch key {
    case .ed25519: .ed25519
    case .secp256k1: .secp256k1
    case .rsa: .rsa
    }
  }

  /// Whether `signature` over `message` is by this key: plain Ed25519, ECDSA over SHA-256 in DER, or RSA
  /// PKCS#1 v1.5 with SHA-256. Costs at most one RSA-8192 verification whatever the input.
  public func isValidSignature(_ signature: [UInt8], for message: [UInt8]) -> Bool {
    switch key {
    case .ed25519(let key): return key.isValidSignature(signature, for: message)
    case .secp256k1(let point): return Secp256k1.shared.isValid(signature, for: message, by: point)
    case .rsa(let key):
      guard signature.count == (key.keySizeInBits + 7) / 8 else { return false }
      let signature = _RSA.Signing.RSASignature(rawRepresentation: signature)
      return key.isValidSignature(signature, for: SHA256.hash(data: message), padding: .insecurePKCS1v1_5)
    }
  }

  /// Modulus and exponent, big-endian, of an RSA key.
  var rsaPrimitives: (modulus: [UInt8], exponent: [UInt8])? {
    guard case .rsa(let key) = key, let primitives = try? key.getKeyPrimitives() else { return nil }
    return ([UInt8](primitives.modulus), [UInt8](primitives.publicExponent))
  }

  /// The SubjectPublicKeyInfo of an RSA key, for paddings that ``isValidSignature(_:for:)`` does not have.
  package var rsaDER: [UInt8]? {
    guard case .rsa(let key) = key else { return nil }
    return [UInt8](key.derRepresentation)
  }

  /// The 32 bytes of an Ed25519 key.
  var ed25519Bytes: [UInt8]? {
    guard case .ed25519(let key) = key else { return nil }
    return [UInt8](key.rawRepresentation)
  }
}

extension PublicKey: Hashable, CustomStringConvertible {
  public static func == (left: PublicKey, right: PublicKey) -> Bool {
    left.protobuf == right.protobuf
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(protobuf)
  }

  /// Kind and peer id, such as `ed25519 12D3KooW…`.
  public var description: String { "\(type.name) \(PeerID(self))" }
}
