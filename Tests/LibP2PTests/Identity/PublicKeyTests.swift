import Testing

@testable import LibP2P

@Suite("Public keys")
struct PublicKeyTests {
  /// What the vectors' Noise signatures cover: the prefix and a static key of 32 bytes 0x42.
  static let signed = Array("noise-libp2p-static-key:".utf8) + [UInt8](repeating: 0x42, count: 32)

  @Test("Signatures that other implementations made are accepted, changed ones are not")
  func verification() throws {
    for key in try KeyVectors.mesh() {
      let publicKey = try PublicKey(protobuf: key.libp2pPublicKeyPbHex.bytes)
      #expect(publicKey.isValidSignature(key.noiseIdentitySigHex.bytes, for: Self.signed), "\(key.name)")
      try expectOnly(publicKey, accepts: key.noiseIdentitySigHex.bytes, for: Self.signed)
    }
    for key in try KeyVectors.subnet().usable {
      let publicKey = try PublicKey(protobuf: key.publicProtobufHex.bytes)
      let signature = try #require(key.signature).bytes
      #expect(publicKey.isValidSignature(signature, for: Array("subnet vector".utf8)), "\(key.name)")
      try expectOnly(publicKey, accepts: signature, for: Array("subnet vector".utf8))
    }
  }

  private func expectOnly(_ key: PublicKey, accepts signature: [UInt8], for message: [UInt8]) throws {
    var generator = SeededGenerator(seed: 1)
    for _ in 0..<16 {
      var changed = signature
      let position = Int.random(in: signature.indices, using: &generator)
      changed[position] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
      #expect(!key.isValidSignature(changed, for: message))
    }
    #expect(!key.isValidSignature(signature, for: message + [0]))
    for count in [0, 1, signature.count - 1] {
      #expect(!key.isValidSignature(Array(signature.prefix(count)), for: message))
    }
    #expect(!key.isValidSignature(signature + [0], for: message))
  }

  @Test("OpenSSH text is the one that the mesh writes, and reads back with or without a comment")
  func openSSH() throws {
    for key in try KeyVectors.mesh() {
      let publicKey = try PublicKey(protobuf: key.libp2pPublicKeyPbHex.bytes)
      #expect(publicKey.openSSH == key.opensshPublicKey)
      #expect(try PublicKey(openSSH: key.opensshPublicKey) == publicKey)
      #expect(try PublicKey(openSSH: key.opensshPublicKey + " somebody@somewhere") == publicKey)
    }
    #expect(try PrivateKey.generate(.secp256k1).publicKey.openSSH == nil)
  }

  @Test("OpenSSH text that is cut, of another kind or mislabelled is refused")
  func badOpenSSH() throws {
    let text = try #require(try KeyVectors.mesh().first).opensshPublicKey
    let body = text.split(separator: " ")[1]
    for bad in [
      "", "ssh-ed25519", "ssh-ed25519 ", "ssh-rsa \(body)", "ssh-ed25519 \(body.dropLast(4))", "ssh-dss AAAA",
      "ssh-ed25519 !!!!", "ecdsa-sha2-nistp256 \(body)", text + String(repeating: " ", count: 5_000),
    ] {
      #expect(throws: KeyError.self, "\(bad.prefix(40))") { try PublicKey(openSSH: bad) }
    }
  }

  @Test("RSA outside 2048 to 8192 bits is refused (CVE-2023-39533)")
  func rsaSizes() throws {
    // Moduli with the top bit set and odd; their factors don't matter to a reader.
    for (bytes, accepted) in [
      (128, false), (255, false), (256, true), (512, true), (1024, true), (1025, false), (2048, false),
    ] {
      var generator = SeededGenerator(seed: UInt64(bytes))
      var modulus = generator.bytes(bytes)
      modulus[0] |= 0x80
      modulus[bytes - 1] |= 1
      let encoded = RSAEncoding.publicKey(modulus: modulus)
      if accepted {
        #expect(try PublicKey(protobuf: encoded).type == .rsa)
      } else {
        #expect(throws: KeyError.self, "\(bytes * 8) bits") { try PublicKey(protobuf: encoded) }
      }
    }
  }

  @Test("An encoding that is not the canonical one is refused, so that a key has one peer id")
  func canonical() throws {
    for key in try KeyVectors.mesh() {
      let encoded = key.libp2pPublicKeyPbHex.bytes
      let data = Array(encoded.dropFirst(2))
      #expect(throws: KeyError.self) { try PublicKey(protobuf: encoded + [0x18, 0x00]) }
      #expect(throws: KeyError.self) { try PublicKey(protobuf: data + encoded.prefix(2)) }
      #expect(throws: KeyError.self) { try PublicKey(protobuf: data) }
      #expect(throws: KeyError.self) { try PublicKey(protobuf: [0x08, 0x80 | encoded[1], 0x00] + data) }
      #expect(throws: KeyError.self) { try PublicKey(protobuf: Array(encoded.dropLast())) }
      #expect(throws: KeyError.self) {
        try PublicKey(protobuf: encoded + [UInt8](repeating: 0, count: 2_000))
      }
    }
    #expect(throws: KeyError.self) { try PublicKey(protobuf: []) }
  }

  @Test("The ECC key that the subnet's keygen makes is refused by type")
  func ecdsa() throws {
    let key = try #require(try KeyVectors.subnet().all.first { $0.keyType == "ECDSA" })
    let error = #expect(throws: KeyError.self) { try PrivateKey(protobuf: key.fileHex.bytes) }
    #expect(error?.code == "key.unsupported-type")
    let publicError = #expect(throws: KeyError.self) { try PublicKey(protobuf: key.publicProtobufHex.bytes) }
    #expect(publicError?.code == "key.unsupported-type")
  }
}

/// Writes RSA public keys of any size, sound or not.
enum RSAEncoding {
  static func publicKey(modulus: [UInt8]) -> [UInt8] {
    let numbers = sequence(0x30, sequence(0x02, [0] + modulus) + sequence(0x02, [0x01, 0x00, 0x01]))
    let algorithm: [UInt8] = [
      0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00,
    ]
    let info = sequence(0x30, algorithm + sequence(0x03, [0] + numbers))
    return [0x08, 0x00, 0x12] + Varint.encode(UInt64(info.count)) + info
  }

  private static func sequence(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
    let count = content.count
    let length: [UInt8] =
      switch count {
      case ..<128: [UInt8(count)]
      case ..<256: [0x81, UInt8(count)]
      default: [0x82, UInt8(count >> 8), UInt8(truncatingIfNeeded: count)]
      }
    return [tag] + length + content
  }
}
