import Crypto
import Testing

@testable import LibP2P

@Suite("Private keys")
struct PrivateKeyTests {
  @Test("Key files of the mesh give their identity and are written back byte for byte")
  func mesh() throws {
    for key in try KeyVectors.mesh() {
      let read = try PrivateKey(protobuf: key.identityFileHex.bytes)
      #expect(read.publicKey.protobuf == key.libp2pPublicKeyPbHex.bytes)
      #expect(read.peerID.description == key.peerIdBase58)
      #expect(read.protobuf(for: .mesh) == key.identityFileHex.bytes)
    }
  }

  @Test("Key files of the subnet give their identity and are written back as it reads them")
  func subnet() throws {
    for key in try KeyVectors.subnet().usable {
      let read = try PrivateKey(protobuf: key.fileHex.bytes)
      #expect(read.peerID.description == key.peerIdBase58)
      // py-libp2p omits the zero that names RSA; go-libp2p needs it and py-libp2p takes it.
      let named = key.keyType == "RSA" ? [0x08, 0x00] + key.fileHex.bytes : key.fileHex.bytes
      #expect(read.protobuf(for: .subnet) == named)
    }
  }

  @Test("Deterministic signatures are the ones that py-libp2p makes")
  func signatures() throws {
    for key in try KeyVectors.subnet().usable {
      let signature = try PrivateKey(protobuf: key.fileHex.bytes).sign(Array("subnet vector".utf8))
      #expect(signature == key.signature?.bytes, "\(key.name)")
    }
  }

  @Test("Long messages have the signatures that swift-crypto makes", arguments: [-1, 0, 1, 100_000])
  func longMessages(_ excess: Int) throws {
    let (seed, message) = (Array<UInt8>(0..<32), [UInt8](repeating: 7, count: LongMessageKey.minimumLength + excess))
    let key = try PrivateKey(ed25519Seed: seed)
    let signature = try key.sign(message)
    #expect(try Array(Curve25519.Signing.PrivateKey(rawRepresentation: seed).signature(for: message)) == signature)
    #expect(LongMessageKey(seed: .init(seed))?.signature(for: message) == signature)
    #expect(key.publicKey.isValidSignature(signature, for: message))
    #expect(!key.publicKey.isValidSignature(signature, for: message + [0]))
  }

  @Test("A new key of any kind signs, is verified, and survives both dialects", arguments: KeyType.allCases)
  func generation(_ type: KeyType) throws {
    let key = try PrivateKey.generate(type)
    let message = Array("a message".utf8)
    #expect(key.publicKey.type == type)
    #expect(key.publicKey.isValidSignature(try key.sign(message), for: message))
    for dialect in PrivateKey.Dialect.allCases {
      #expect(try PrivateKey(protobuf: key.protobuf(for: dialect)).publicKey == key.publicKey)
    }
    #expect(try PrivateKey.generate(type).publicKey != key.publicKey)
  }

  @Test(
    "Ed25519 is read as a seed, with its public half once or twice, and never with another's (RUSTSEC-2022-0093)"
  )
  func ed25519Forms() throws {
    let key = try #require(try KeyVectors.mesh().first { $0.name == "ed25519_a" })
    let data = Array(key.identityFileHex.bytes.dropFirst(4))
    let seed = Array(data.prefix(32))
    let half = Array(data.suffix(32))
    for good in [seed, data, data + half] {
      #expect(try PrivateKey(protobuf: encoded(good)).peerID.description == key.peerIdBase58)
    }
    for bad in [seed + seed, data + seed, Array(data.dropLast()), data + [0], []] {
      #expect(throws: KeyError.self) { try PrivateKey(protobuf: encoded(bad)) }
    }
    let error = #expect(throws: KeyError.self) { try PrivateKey(protobuf: encoded(seed + seed)) }
    #expect(error?.code == "key.mismatch")
  }

  private func encoded(_ data: [UInt8]) -> [UInt8] {
    [0x08, 0x01, 0x12, UInt8(data.count)] + data
  }

  @Test("A secp256k1 secret of zero, above the order or of another length is refused")
  func badSecp256k1() {
    for data in [
      [UInt8](repeating: 0, count: 32), [UInt8](repeating: 0xff, count: 32), [UInt8](repeating: 1, count: 31),
      [UInt8](repeating: 1, count: 33), [],
    ] {
      #expect(throws: KeyError.self) {
        try PrivateKey(protobuf: [0x08, 0x02, 0x12, UInt8(data.count)] + data)
      }
    }
  }

  @Test("RSA is not made outside 2048 to 8192 bits", arguments: [0, 1024, 2047, 8193, 1_000_000])
  func rsaSizes(bits: Int) {
    let error = #expect(throws: KeyError.self) { try PrivateKey.generate(.rsa, rsaBits: bits) }
    #expect(error?.code == "key.size")
  }

  @Test("No printing of a key shows its secret", arguments: KeyType.allCases)
  func redaction(_ type: KeyType) throws {
    let key = try PrivateKey.generate(type)
    var dumped = ""
    dump(key, to: &dumped)
    for text in ["\(key)", String(reflecting: key), dumped, "\([key])", "\(Optional(key) as Any)"] {
      #expect(text.contains("private key of \(type.name) \(key.peerID)"))
      #expect(!text.contains("SymmetricKey") && !text.contains("Curve25519") && !text.contains("backing"))
    }
  }
}
