import LibP2P

/// Makes signed peer records (libp2p RFC 0002 and RFC 0003), which the library itself only reads.
enum Envelope {
  static func bytes(of key: PrivateKey, address: Multiaddr) throws -> [UInt8] {
    let record = field(1, key.peerID.bytes) + [0x10, 1] + field(3, field(1, address.bytes))
    let type: [UInt8] = [0x03, 0x01]
    let signed = [Array("libp2p-peer-record".utf8), type, record]
      .flatMap { Varint.encode(UInt64($0.count)) + $0 }
    return field(1, key.publicKey.protobuf) + field(2, type) + field(3, record) + field(5, try key.sign(signed))
  }

  private static func field(_ number: UInt8, _ bytes: [UInt8]) -> [UInt8] {
    [number << 3 | 2] + Varint.encode(UInt64(bytes.count)) + bytes
  }
}
