import CSecp256k1
import Crypto

/// ECDSA over secp256k1 with SHA-256 and DER signatures, as libp2p uses it.
///
/// One context serves all threads: after the single randomisation, which blinds the arithmetic on
/// secrets against side channels, the library only reads it.
struct Secp256k1: @unchecked Sendable {
  static let shared = Secp256k1()

  static let secretLength = 32
  static let publicKeyLength = 33
  /// Two integers of at most 33 bytes with their DER headers.
  static let maximumSignatureLength = 72

  private let context: OpaquePointer

  private init() {
    guard let context = secp256k1_context_create(UInt32(SECP256K1_CONTEXT_NONE)) else {
      preconditionFailure("no memory for the secp256k1 context")
    }
    let randomized = Self.withPointer(to: SymmetricKey(size: .bits256)) {
      secp256k1_context_randomize(context, $0)
    }
    precondition(randomized == 1, "the secp256k1 context refuses its randomisation")
    self.context = context
  }

  /// The compressed point of `secret`, or nil if it is zero or not below the group's order.
  func publicKey(of secret: SymmetricKey) -> [UInt8]? {
    var point = secp256k1_pubkey()
    let made = Self.withPointer(to: secret) { secp256k1_ec_pubkey_create(context, &point, $0) }
    guard made == 1 else { return nil }
    var encoding = [UInt8](repeating: 0, count: Self.publicKeyLength)
    var count = encoding.count
    let written = secp256k1_ec_pubkey_serialize(
      context, &encoding, &count, &point, UInt32(SECP256K1_EC_COMPRESSED))
    return written == 1 ? encoding : nil
  }

  /// Whether `encoding` is a compressed point of the curve.
  func isPoint(_ encoding: [UInt8]) -> Bool {
    parse(encoding) != nil
  }

  /// A DER signature over SHA-256 of `message` with the nonce of RFC 6979 and low s.
  func sign(_ message: [UInt8], with secret: SymmetricKey) -> [UInt8]? {
    var signature = secp256k1_ecdsa_signature()
    let digest = Array(SHA256.hash(data: message))
    let signed = Self.withPointer(to: secret) {
      secp256k1_ecdsa_sign(context, &signature, digest, $0, nil, nil)
    }
    var encoding = [UInt8](repeating: 0, count: Self.maximumSignatureLength)
    var count = encoding.count
    guard signed == 1,
      secp256k1_ecdsa_signature_serialize_der(context, &encoding, &count, &signature) == 1
    else { return nil }
    return Array(encoding.prefix(count))
  }

  /// Whether the DER `signature` over SHA-256 of `message` is by `encoding`. High s is taken, as other
  /// implementations of libp2p make it.
  func isValid(_ signature: [UInt8], for message: [UInt8], by encoding: [UInt8]) -> Bool {
    guard var point = parse(encoding), signature.count <= Self.maximumSignatureLength else { return false }
    var parsed = secp256k1_ecdsa_signature()
    guard secp256k1_ecdsa_signature_parse_der(context, &parsed, signature, signature.count) == 1 else {
      return false
    }
    var normalized = secp256k1_ecdsa_signature()
    _ = secp256k1_ecdsa_signature_normalize(context, &normalized, &parsed)
    return secp256k1_ecdsa_verify(context, &normalized, Array(SHA256.hash(data: message)), &point) == 1
  }

  /// Lends the secret's bytes to the library; 0, its sign of failure, unless there are 32.
  private static func withPointer(
    to secret: SymmetricKey, _ body: (UnsafePointer<UInt8>) -> Int32
  ) -> Int32 {
    secret.withUnsafeBytes { bytes in
      guard bytes.count == secretLength, let pointer = bytes.assumingMemoryBound(to: UInt8.self).baseAddress
      else { return 0 }
      return body(pointer)
    }
  }

  private func parse(_ encoding: [UInt8]) -> secp256k1_pubkey? {
    guard encoding.count == Self.publicKeyLength else { return nil }
    var point = secp256k1_pubkey()
    return secp256k1_ec_pubkey_parse(context, &point, encoding, encoding.count) == 1 ? point : nil
  }
}
