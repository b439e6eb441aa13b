import Crypto

/// The running hash and key of a Noise handshake (Noise specification §5.2).
struct NoiseSymmetricState: Sendable {
  private var chainingKey: SymmetricKey
  /// Binds the whole transcript; equal on both sides at the end.
  private(set) var hash: [UInt8]
  private var key: SymmetricKey?
  private var counter: UInt64 = 0

  /// Starts with the name of the pattern, which is exactly as long as a hash, and the empty prologue.
  init() {
    hash = Array("Noise_XX_25519_ChaChaPoly_SHA256".utf8)
    chainingKey = SymmetricKey(data: hash)
    mix(hash: [])
  }

  mutating func mix(hash data: [UInt8]) {
    hash = Array(SHA256.hash(data: hash + data))
  }

  mutating func mix(key secret: SharedSecret) {
    let (next, key) = secret.withUnsafeBytes { derive(Array($0)) }
    chainingKey = next
    self.key = key
    counter = 0
  }

  /// Encrypts once there is a key, and takes the result into the transcript.
  mutating func seal(_ plaintext: [UInt8]) throws(NoiseError) -> [UInt8] {
    var sealed = plaintext
    if let key {
      let cipher = ChaCha20Poly1305(key: key)
      sealed += [UInt8](repeating: 0, count: ChaCha20Poly1305.tagLength)
      let done = plaintext.withUnsafeBytes { source in
        sealed.withUnsafeMutableBytes { cipher.seal(source, to: $0, counter: counter, authenticating: hash) }
      }
      guard done else { throw NoiseError(.decryption, "a handshake message can't be encrypted") }
      counter += 1
    }
    mix(hash: sealed)
    return sealed
  }

  /// Decrypts once there is a key, and takes what was received into the transcript.
  mutating func open(_ sealed: [UInt8]) throws(NoiseError) -> [UInt8] {
    var plaintext = sealed
    if let key {
      let cipher = ChaCha20Poly1305(key: key)
      let opened = sealed.withUnsafeBytes { source in
        plaintext.withUnsafeMutableBytes {
          cipher.open(source, to: $0, counter: counter, authenticating: hash)
        }
      }
      guard opened else { throw NoiseError(.decryption, "a handshake message fails its authentication") }
      plaintext.removeLast(ChaCha20Poly1305.tagLength)
      counter += 1
    }
    mix(hash: sealed)
    return plaintext
  }

  /// The keys of the channel: the initiator's for sending, then the responder's.
  func split() -> (initiator: SymmetricKey, responder: SymmetricKey) {
    derive([])
  }

  /// HKDF of the Noise specification (§4.3) with two outputs.
  private func derive(_ input: [UInt8]) -> (SymmetricKey, SymmetricKey) {
    let temporary = SymmetricKey(data: HMAC<SHA256>.authenticationCode(for: input, using: chainingKey))
    let first = HMAC<SHA256>.authenticationCode(for: [0x01], using: temporary)
    let second = HMAC<SHA256>.authenticationCode(for: Array(first) + [0x02], using: temporary)
    return (SymmetricKey(data: first), SymmetricKey(data: second))
  }
}
