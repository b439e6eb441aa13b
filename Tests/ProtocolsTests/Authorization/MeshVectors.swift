import Foundation
import LibP2P

@testable import Protocols

/// Recorded material of the mesh's own code under `Tests/Vectors/mesh`.
enum MeshVectors {
  private static let folder = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Vectors/mesh")

  static func load<Contents: Decodable>(_ name: String, as type: Contents.Type = Contents.self) throws -> Contents {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(Contents.self, from: data(name))
  }

  static func data(_ name: String) throws -> Data { try Data(contentsOf: folder.appending(path: name)) }

  private struct Keys: Decodable {
    struct Key: Decodable {
      let name: String
      let identityFileHex: Hexadecimal
    }
    let keys: [Key]
  }

  struct Missing: Error {
    let name: String
  }

  /// A published test identity, by its name in the vectors.
  static func identity(_ name: String) throws -> PrivateKey {
    guard let key = try load("keys.json", as: Keys.self).keys.first(where: { $0.name == name }) else {
      throw Missing(name: name)
    }
    return try PrivateKey(protobuf: key.identityFileHex.bytes)
  }
}

/// Bytes that a vector file spells in hexadecimal.
struct Hexadecimal: Decodable, Sendable {
  let bytes: [UInt8]
  var data: Data { Data(bytes) }

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let digits = Array(try container.decode(String.self).utf8)
    bytes = stride(from: 0, to: digits.count - digits.count % 2, by: 2).compactMap {
      UInt8(String(decoding: digits[$0...$0 + 1], as: UTF8.self), radix: 16)
    }
    guard 2 * bytes.count == digits.count else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "not hexadecimal")
    }
  }
}
