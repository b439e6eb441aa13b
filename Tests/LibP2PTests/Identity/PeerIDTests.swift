import Testing

@testable import LibP2P

@Suite("Peer ids")
struct PeerIDTests {
  @Test("A key's peer id is the one that go-libp2p gives it")
  func mesh() throws {
    for key in try KeyVectors.mesh() {
      let peer = PeerID(try PublicKey(protobuf: key.libp2pPublicKeyPbHex.bytes))
      #expect(peer.bytes == key.peerIdHex.bytes)
      #expect(peer.description == key.peerIdBase58)
    }
  }

  @Test("A key's peer id is the one that py-libp2p gives it")
  func subnet() throws {
    for key in try KeyVectors.subnet().usable {
      let peer = PeerID(try PublicKey(protobuf: key.publicProtobufHex.bytes))
      #expect(peer.bytes == key.peerIdBytesHex.bytes)
      #expect(peer.description == key.peerIdBase58)
    }
  }

  @Test("Every text and binary form reads back as the same id")
  func forms() throws {
    for key in try KeyVectors.mesh() {
      let peer = try PeerID(bytes: key.peerIdHex.bytes)
      #expect(try PeerID(key.peerIdBase58) == peer)
      #expect(try PeerID(peer.cid) == peer)
      #expect(try PeerID("z" + Base58.encode([0x01, 0x72] + peer.bytes)) == peer)
    }
  }

  @Test("The CIDv1 text is the one of the specification")
  func cid() throws {
    // The example of the libp2p "peer-ids" specification.
    let peer = try PeerID("bafzbeie5745rpv2m6tjyuugywy4d5ewrqgqqhfnf445he3omzpjbx5xqxe")
    #expect(peer.description == "QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N")
    #expect(peer.cid == "bafzbeie5745rpv2m6tjyuugywy4d5ewrqgqqhfnf445he3omzpjbx5xqxe")
  }

  @Test("Small keys are recovered from their id, hashed ones are not")
  func inlineKey() throws {
    for key in try KeyVectors.mesh() {
      let inline = try PeerID(key.peerIdBase58).publicKey
      #expect(inline?.protobuf == (key.type == "rsa" ? nil : key.libp2pPublicKeyPbHex.bytes))
    }
  }

  @Test(
    "Text that is no peer id is refused",
    arguments: [
      "", "1", "b", "z", "Qm", "0OIl", "12D3KooW", "QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N0",
      "bafzbeie5745rpv2m6tjyuugywy4d5ewrqgqqhfnf445he3omzpjbx5xqxf7",
      "bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi", String(repeating: "1", count: 100_000),
    ])
  func badText(_ text: String) {
    #expect(throws: PeerIDError.self) { try PeerID(text) }
  }

  @Test("Multihashes of other shapes are refused")
  func badBytes() throws {
    let sha256 = [0x12, 0x20] + [UInt8](repeating: 7, count: 32)
    #expect(try PeerID(bytes: sha256).bytes == sha256)
    for bytes in [
      [], [0x00], [0x00, 0x00], [0x12, 0x20], sha256.dropLast(), sha256 + [0], [0x13] + sha256.dropFirst(),
      [0x00, 43] + [UInt8](repeating: 1, count: 43), [0x12, 0x1f] + [UInt8](repeating: 1, count: 31),
    ] as [[UInt8]] {
      #expect(throws: PeerIDError.self) { try PeerID(bytes: bytes) }
    }
  }
}
