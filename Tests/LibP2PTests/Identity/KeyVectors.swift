@testable import LibP2P

/// The identities that go-libp2p and py-libp2p made (test keys, published).
enum KeyVectors {
  struct Mesh: Decodable {
    struct Key: Decodable {
      let name: String
      let type: String
      let identityFileHex: Hex
      let libp2pPublicKeyPbHex: Hex
      let opensshPublicKey: String
      let peerIdHex: Hex
      let peerIdBase58: String
      let noiseIdentitySigHex: Hex
    }
    let keys: [Key]
  }

  struct Subnet: Decodable {
    struct Key: Decodable {
      let name: String
      let fileHex: Hex
      let keyType: String
      let publicProtobufHex: Hex
      let peerIdBytesHex: Hex
      let peerIdBase58: String
      let signature: Hex?

      enum CodingKeys: String, CodingKey {
        case name, fileHex, keyType, publicProtobufHex, peerIdBytesHex, peerIdBase58
        case signature = "signatureOfAscii'Subnet Vector'Hex"
      }
    }
    let templateKeys: [Key]
    let keygenSamples: [Key]
    var all: [Key] { templateKeys + keygenSamples }
    /// Everything but the ECC key, which even its maker can't use.
    var usable: [Key] { all.filter { $0.keyType != "ECDSA" } }
  }

  static func mesh() throws -> [Mesh.Key] { try Vectors.load("mesh/keys.json", as: Mesh.self).keys }
  static func subnet() throws -> Subnet { try Vectors.load("subnet/keys.json") }

  /// A mesh identity by its name in the vectors.
  static func meshKey(_ name: String) throws -> PrivateKey {
    guard let key = try mesh().first(where: { $0.name == name }) else { throw MissingVector(name: name) }
    return try PrivateKey(protobuf: key.identityFileHex.bytes)
  }

  struct MissingVector: Error {
    let name: String
  }
}
