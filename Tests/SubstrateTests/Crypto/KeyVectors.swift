import Foundation

@testable import Substrate

/// The recorded vectors that the tests of this folder read; `Tests/Vectors/keys/generate.py` and the
/// chain recordings tell where each comes from.
enum KeyVectors {
  static func load<Value: Decodable>(_ path: String, as type: Value.Type = Value.self) throws -> Value {
    let vectors = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "Vectors")
    return try JSONDecoder().decode(type, from: Data(contentsOf: vectors.appending(path: path)))
  }

  /// The message of a given length that `generate.py` hashes.
  static func message(_ length: Int) -> [UInt8] {
    (0..<length).map { UInt8(truncatingIfNeeded: 167 * $0 + 31 * ($0 >> 8) + length) }
  }

  /// The bytes of hexadecimal text with or without `0x`.
  static func bytes(_ hex: String) throws -> [UInt8] {
    var digits = Array(hex.hasPrefix("0x") ? hex.dropFirst(2) : hex[...])[...]
    var bytes: [UInt8] = []
    while !digits.isEmpty {
      guard let byte = UInt8(String(digits.prefix(2)), radix: 16), digits.count > 1 else {
        throw CocoaError(.formatting)
      }
      bytes.append(byte)
      digits = digits.dropFirst(2)
    }
    return bytes
  }
}

/// `Tests/Vectors/chain/general.json`, as far as these tests use it.
struct GeneralVectors: Decodable {
  // swift-format-ignore: AlwaysUseLowerCamelCase
  struct Hash: Decodable {
    let data, twox64, twox128, twox256, blake2_128, blake2_256, keccak256: String
  }
  struct Key: Decodable {
    let name, secret, publicUncompressed, address, checksum: String
  }
  struct Signature: Decodable {
    let key, message, keccak256, signature: String
  }
  let hashes: [Hash]
  let keys: [Key]
  let signatures: [Signature]
}
