import CSecp256k1

/// The curve operations that accounts need, on libsecp256k1.
///
/// One context serves all threads: after the single randomisation, which blinds the arithmetic on
/// secrets against side channels, the library only reads it. A nil result means that the input was
/// out of range or not on the curve.
struct Secp256k1: @unchecked Sendable {
  static let shared = Secp256k1()

  /// The order n of the group, big-endian (SEC 2 §2.4.1).
  static let order: [UInt8] = [
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe,
    0xba, 0xae, 0xdc, 0xe6, 0xaf, 0x48, 0xa0, 0x3b, 0xbf, 0xd2, 0x5e, 0x8c, 0xd0, 0x36, 0x41, 0x41,
  ]

  /// n / 2 rounded down, the largest "low" s.
  static let halfOrder: [UInt8] = [
    0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0x5d, 0x57, 0x6e, 0x73, 0x57, 0xa4, 0x50, 0x1d, 0xdf, 0xe9, 0x2f, 0x46, 0x68, 0x1b, 0x20, 0xa0,
  ]

  static let secretLength = 32
  static let digestLength = 32
  /// x ‖ y.
  static let publicKeyLength = 64

  private let context: OpaquePointer

  private init() {
    guard let context = secp256k1_context_create(UInt32(SECP256K1_CONTEXT_NONE)) else {
      preconditionFailure("no memory for the secp256k1 context")
    }
    var generator = SystemRandomNumberGenerator()
    var seed = (0..<32).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    let randomized = secp256k1_context_randomize(context, seed)
    seed.wipe()
    precondition(randomized == 1, "the secp256k1 context refuses its randomisation")
    self.context = context
  }

  /// The point of `secret`, as x ‖ y.
  func publicKey(of secret: SecretBytes) -> [UInt8]? {
    guard secret.count == Self.secretLength else { return nil }
    var key = secp256k1_pubkey()
    let made = secret.withPointer { secp256k1_ec_pubkey_create(context, &key, $0) }
    return made == 1 ? serialize(&key) : nil
  }

  /// The point of a SEC 1 encoding (33 or 65 bytes), as x ‖ y.
  func point(_ encoding: [UInt8]) -> [UInt8]? {
    var key = secp256k1_pubkey()
    let parsed = secp256k1_ec_pubkey_parse(context, &key, encoding, encoding.count)
    return parsed == 1 ? serialize(&key) : nil
  }

  /// A signature with the nonce of RFC 6979 and low s, as r ‖ s and the recovery id.
  func sign(_ digest: [UInt8], with secret: SecretBytes) -> (compact: [UInt8], recoveryID: UInt8)? {
    guard digest.count == Self.digestLength, secret.count == Self.secretLength else { return nil }
    var signature = secp256k1_ecdsa_recoverable_signature()
    let signed = secret.withPointer {
      secp256k1_ecdsa_sign_recoverable(context, &signature, digest, $0, nil, nil)
    }
    var compact = [UInt8](repeating: 0, count: 64)
    var recoveryID: Int32 = 0
    guard signed == 1,
      secp256k1_ecdsa_recoverable_signature_serialize_compact(context, &compact, &recoveryID, &signature) == 1
    else { return nil }
    return (compact, UInt8(truncatingIfNeeded: recoveryID))
  }

  /// The point that signed `digest`, as x ‖ y.
  func recover(compact: [UInt8], recoveryID: UInt8, digest: [UInt8]) -> [UInt8]? {
    guard compact.count == 64, recoveryID < 4, digest.count == Self.digestLength else { return nil }
    var signature = secp256k1_ecdsa_recoverable_signature()
    var key = secp256k1_pubkey()
    guard
      secp256k1_ecdsa_recoverable_signature_parse_compact(context, &signature, compact, Int32(recoveryID))
        == 1,
      secp256k1_ecdsa_recover(context, &key, &signature, digest) == 1
    else { return nil }
    return serialize(&key)
  }

  /// secret + tweak mod n, the step of a BIP-32 derivation.
  func sum(_ secret: SecretBytes, tweak: SecretBytes) -> SecretBytes? {
    guard secret.count == Self.secretLength, tweak.count == Self.secretLength else { return nil }
    var sum = secret.withUnsafeBytes { [UInt8]($0) }
    defer { sum.wipe() }
    let added = tweak.withPointer { secp256k1_ec_seckey_tweak_add(context, &sum, $0) }
    return added == 1 ? SecretBytes(sum) : nil
  }

  private func serialize(_ key: inout secp256k1_pubkey) -> [UInt8]? {
    var encoding = [UInt8](repeating: 0, count: 1 + Self.publicKeyLength)
    var count = encoding.count
    let written = secp256k1_ec_pubkey_serialize(
      context, &encoding, &count, &key, UInt32(SECP256K1_EC_UNCOMPRESSED))
    return written == 1 && count == encoding.count ? Array(encoding.dropFirst()) : nil
  }
}
