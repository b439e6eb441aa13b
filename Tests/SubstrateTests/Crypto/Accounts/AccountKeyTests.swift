import Testing

@testable import Substrate

@Suite("Account keys and signatures")
struct AccountKeyTests {
  private let general: GeneralVectors

  init() throws {
    general = try KeyVectors.load("chain/general.json")
    #expect(general.keys.count == 12 && general.signatures.count == 6)
  }

  private func key(_ name: String) throws -> AccountKey {
    let vector = try #require(general.keys.first { $0.name == name })
    return try AccountKey(secret: KeyVectors.bytes(vector.secret))
  }

  @Test("recorded secrets give their public keys and accounts")
  func accounts() throws {
    for vector in general.keys {
      let key = try AccountKey(secret: KeyVectors.bytes(vector.secret))
      #expect(try key.publicKey.uncompressed == KeyVectors.bytes(vector.publicUncompressed))
      #expect(key.accountID.description == vector.checksum)
      #expect(try AccountPublicKey(bytes: key.publicKey.compressed) == key.publicKey)
      #expect(try AccountPublicKey(bytes: [0x04] + key.publicKey.uncompressed) == key.publicKey)
      #expect(try AccountPublicKey(bytes: key.publicKey.uncompressed).accountID == key.accountID)
    }
  }

  @Test("signatures equal the recorded ones byte for byte and give their signer back")
  func signatures() throws {
    for vector in general.signatures {
      let key = try key(vector.key)
      let message = try KeyVectors.bytes(vector.message)
      let signature = try key.sign(message)
      #expect(signature.description == vector.signature)
      #expect(try key.sign(digest: KeyVectors.bytes(vector.keccak256)) == signature)
      #expect(try signature.recover(message: message) == key.publicKey)
      #expect(signature.isLowS)
    }
  }

  @Test(
    "signatures and hashes of extrinsics equal the recorded ones",
    arguments: ["chain-2025-12-18", "chain-2026-02-10"])
  func extrinsics(recording: String) throws {
    struct Vectors: Decodable {
      struct Extrinsic: Decodable { let signer, payload, signature, extrinsic, extrinsicHash: String }
      let extrinsics: [Extrinsic]
    }
    let vectors = try KeyVectors.load("chain/extrinsics-\(recording).json", as: Vectors.self)
    let keys = try general.keys.map { try AccountKey(secret: KeyVectors.bytes($0.secret)) }
    for vector in vectors.extrinsics {
      let signer = try AccountID(vector.signer)
      let key = try #require(keys.first { $0.accountID == signer })
      let payload = try KeyVectors.bytes(vector.payload)
      let message = payload.count <= 256 ? payload : Blake2b.hash256(payload)
      #expect(try key.sign(message).description == vector.signature)
      let hash = try Blake2b.hash256(KeyVectors.bytes(vector.extrinsic))
      #expect("0x" + Hexadecimal.text(hash) == vector.extrinsicHash)
    }
    #expect(vectors.extrinsics.count > 10)
  }

  /// Widely published for secp256k1 with SHA-256: secret, message, r ‖ s with low s.
  private static let rfc6979: [(secret: String, digest: String, signature: String)] = [
    (
      "0000000000000000000000000000000000000000000000000000000000000001",
      "a0dc65ffca799873cbea0ac274015b9526505daaaed385155425f7337704883e",
      "934b1ea10a4b3c1757e2b0c017d0b6143ce3c9a7e6a4a49860d7a6ab210ee3d8"
        + "2442ce9d2b916064108014783e923ec36b49743e2ffa1c4496f01a512aafd9e5"
    ),
    (
      "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364140",
      "a0dc65ffca799873cbea0ac274015b9526505daaaed385155425f7337704883e",
      "fd567d121db66e382991534ada77a6bd3106f0a1098c231e47993447cd6af2d0"
        + "6b39cd0eb1bc8603e159ef5c20a5c8ad685a45b06ce9bebed3f153d10d93bed5"
    ),
  ]

  @Test("the nonce is that of RFC 6979", arguments: rfc6979)
  func nonce(vector: (secret: String, digest: String, signature: String)) throws {
    let key = try AccountKey(secret: KeyVectors.bytes(vector.secret))
    let signature = try key.sign(digest: KeyVectors.bytes(vector.digest))
    #expect(Hexadecimal.text(signature.bytes.prefix(64)) == vector.signature)
  }

  @Test("v as 27 and 28 recovers the same key and is kept as given")
  func ethereumRecoveryID() throws {
    for vector in general.signatures {
      var bytes = try KeyVectors.bytes(vector.signature)
      bytes[64] += 27
      let signature = try AccountSignature(bytes: bytes)
      #expect(signature.bytes == bytes)
      #expect(try signature.recover(message: KeyVectors.bytes(vector.message)) == key(vector.key).publicKey)
    }
  }

  @Test("the mirrored signature with high s recovers too and is told apart")
  func highS() throws {
    let vector = general.signatures[1]
    var bytes = try KeyVectors.bytes(vector.signature)
    var borrow = 0
    for index in (0..<32).reversed() {
      let difference = Int(Secp256k1.order[index]) - Int(bytes[32 + index]) - borrow
      borrow = difference < 0 ? 1 : 0
      bytes[32 + index] = UInt8(truncatingIfNeeded: difference)
    }
    bytes[64] ^= 1
    let mirrored = try AccountSignature(bytes: bytes)
    #expect(!mirrored.isLowS)
    #expect(try mirrored.recover(message: KeyVectors.bytes(vector.message)) == key(vector.key).publicKey)
  }

  @Test("low s ends at half the order")
  func lowSBorder() throws {
    var above = Secp256k1.halfOrder
    above[31] += 1
    let r = [UInt8](repeating: 1, count: 32)
    #expect(try AccountSignature(bytes: r + Secp256k1.halfOrder + [0]).isLowS)
    #expect(try !AccountSignature(bytes: r + above + [0]).isLowS)
  }

  @Test("signatures of another length are refused", arguments: [0, 1, 64, 66])
  func signatureLength(count: Int) {
    expect("account.signature.length") { try AccountSignature(bytes: [UInt8](repeating: 1, count: count)) }
  }

  @Test("every v but 0, 1, 27 and 28 is refused", arguments: UInt8.min...UInt8.max)
  func recoveryID(v: UInt8) {
    let bytes = [UInt8](repeating: 1, count: 64) + [v]
    if [0, 1, 27, 28].contains(v) {
      #expect(throws: Never.self) { try AccountSignature(bytes: bytes) }
    } else {
      expect("account.signature.recovery-id") { try AccountSignature(bytes: bytes) }
    }
  }

  @Test("r and s of zero or from the order upwards are refused")
  func range() {
    let one = [UInt8](repeating: 0, count: 31) + [1]
    let largest = Secp256k1.order.dropLast() + [0x40]
    for bad in [[UInt8](repeating: 0, count: 32), Secp256k1.order, [UInt8](repeating: 0xff, count: 32)] {
      expect("account.signature.range") { try AccountSignature(bytes: bad + one + [0]) }
      expect("account.signature.range") { try AccountSignature(bytes: one + bad + [0]) }
    }
    #expect(throws: Never.self) { try AccountSignature(bytes: largest + largest + [0]) }
  }

  @Test("an r that is no point's x, and a signature over another message, do not recover the signer")
  func foreign() throws {
    // 5 is no x coordinate of the curve: 5^3 + 7 is no square.
    let five = [UInt8](repeating: 0, count: 31) + [5]
    let signature = try AccountSignature(bytes: five + five + [0])
    expect("account.signature.unrecoverable") { try signature.recover(message: []) }
    let vector = general.signatures[1]
    let other = try AccountSignature(bytes: KeyVectors.bytes(vector.signature)).recover(message: [1])
    #expect(try other != key(vector.key).publicKey)
  }

  @Test("digests of another length are refused", arguments: [0, 31, 33])
  func digest(count: Int) throws {
    let key = try key("alith")
    let digest = [UInt8](repeating: 1, count: count)
    let signature = try key.sign([])
    expect("account.digest") { try key.sign(digest: digest) }
    expect("account.digest") { try signature.recover(digest: digest) }
  }

  @Test("secrets out of range or of another length are refused, and the error does not hold them")
  func secrets() {
    let bad = [
      [], [UInt8](repeating: 0, count: 32), Secp256k1.order, [UInt8](repeating: 0xff, count: 32),
      [UInt8](repeating: 0xab, count: 31), [UInt8](repeating: 0xab, count: 33),
    ]
    for secret in bad {
      let error = #expect(throws: AccountKeyError.self) { try AccountKey(secret: secret) }
      #expect(error?.code == "account.secret")
      #expect(error.map { !"\($0)".contains("abab") } == true)
    }
  }

  @Test("public keys off the curve are refused")
  func publicKeys() throws {
    var off = try key("alith").publicKey.uncompressed
    off[63] ^= 1
    for bad in [off, [0x05] + off, [], [0x02], [0x02] + [UInt8](repeating: 0xff, count: 32)] {
      expect("account.public-key") { try AccountPublicKey(bytes: bad) }
    }
  }

  @Test("a key is printed, dumped and reflected without its secret")
  func redaction() throws {
    let secret = [UInt8](repeating: 0x5a, count: 32)
    let key = try AccountKey(secret: secret)
    var dumped = ""
    dump((key, key.secret), to: &dumped)
    for text in ["\(key)", String(reflecting: key), "\(key.secret)", String(reflecting: key.secret), dumped] {
      #expect(!text.lowercased().contains("5a5a") && !text.contains("90, 90") && !text.contains("- 90"))
    }
    #expect("\(key)".contains(key.accountID.description))
  }

  @Test("generated keys differ, and follow the generator alone")
  func generation() throws {
    #expect(try AccountKey.generate().accountID != AccountKey.generate().accountID)
    var generators = (SplitMix(state: 7), SplitMix(state: 7))
    let first = try AccountKey.generate(using: &generators.0)
    #expect(try AccountKey.generate(using: &generators.1).accountID == first.accountID)
    var zeros = Zeros()
    expect("account.secret") { try AccountKey.generate(using: &zeros) }
  }

  @Test("one key signs on many threads at once")
  func threads() async throws {
    let key = try key("alith")
    let signatures = try await withThrowingTaskGroup(of: (Int, AccountSignature).self) { group in
      for index in 0..<64 { group.addTask { (index, try key.sign(KeyVectors.message(index))) } }
      return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
    }
    for (index, signature) in signatures {
      #expect(try signature.recover(message: KeyVectors.message(index)) == key.publicKey)
    }
    #expect(signatures.count == 64)
  }

  private func expect<Value>(_ code: String, of body: () throws -> Value) {
    let error = #expect(throws: AccountKeyError.self) { _ = try body() }
    #expect(error?.code == code)
  }
}

private struct SplitMix: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
    return z ^ z >> 31
  }
}

private struct Zeros: RandomNumberGenerator {
  mutating func next() -> UInt64 { 0 }
}
