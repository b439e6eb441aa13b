import Testing

@testable import Substrate

@Suite("Storage hashers build the storage keys of the chain")
struct StorageHasherTests {
  struct Vectors: Decodable {
    struct Entry: Decodable {
      let pallet, item, key: String
      let hashers, keyTypes: [String]
      let keys: [Key]
    }
    /// A recorded map key; forms that these tests do not encode are left as `other`.
    enum Key: Decodable {
      case number(UInt32)
      case text(String)
      case other

      init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let number = try? container.decode(UInt32.self) {
          self = .number(number)
        } else if let text = try? container.decode(String.self) {
          self = .text(text)
        } else {
          self = .other
        }
      }
    }
    let prefixes: [String: String]
    let entries: [Entry]
  }

  private static let recordings = ["chain-2025-12-18", "chain-2026-02-10"]

  @Test("prefixes are twox128 of pallet and item", arguments: recordings)
  func prefixes(recording: String) throws {
    let vectors = try KeyVectors.load("chain/storage-\(recording).json", as: Vectors.self)
    #expect(vectors.prefixes.count > 100)
    for (name, prefix) in vectors.prefixes {
      let parts = name.split(separator: ".").map { Twox.hash128(Array($0.utf8)) }
      #expect("0x" + Hexadecimal.text(parts.joined()) == prefix, "\(name)")
    }
  }

  @Test("keys of maps over numbers and accounts are those the node answered to", arguments: recordings)
  func mapKeys(recording: String) throws {
    let vectors = try KeyVectors.load("chain/storage-\(recording).json", as: Vectors.self)
    var checked: Set<StorageHasher> = []
    for entry in vectors.entries {
      guard let parts = try encodedKeys(entry) else { continue }
      var key = Twox.hash128(Array(entry.pallet.utf8)) + Twox.hash128(Array(entry.item.utf8))
      for (name, part) in zip(entry.hashers, parts) {
        let hasher = try #require(StorageHasher.allCases.first { $0.rawValue == camelCase(name) })
        key += hasher.hash(part)
        checked.insert(hasher)
      }
      #expect("0x" + Hexadecimal.text(key) == entry.key, "\(entry.pallet).\(entry.item)")
    }
    #expect(checked == [.blake2_128Concat, .twox64Concat, .identity])
  }

  @Test("the hash has the announced length and the key follows it if the hasher is reversible")
  func shape() {
    let key = KeyVectors.message(37)
    for hasher in StorageHasher.allCases {
      let part = hasher.hash(key)
      #expect(part.count == hasher.hashLength + (hasher.isReversible ? key.count : 0))
      #expect(!hasher.isReversible || part.suffix(key.count) == key[...])
    }
  }

  @Test("cases stand in the order of the metadata's enumeration")
  func order() {
    let names = StorageHasher.allCases.map(\.rawValue)
    #expect(
      names == [
        "blake2_128", "blake2_256", "blake2_128Concat", "twox128", "twox256", "twox64Concat", "identity",
      ])
  }

  /// SCALE of u32 and AccountId20 keys; nil if a key has another type.
  private func encodedKeys(_ entry: Vectors.Entry) throws -> [[UInt8]]? {
    var parts: [[UInt8]] = []
    for (type, key) in zip(entry.keyTypes, entry.keys) {
      switch (type.lowercased(), key) {
      case ("u32", .number(let number)): parts.append(withUnsafeBytes(of: number.littleEndian, Array.init))
      case ("accountid20", .text(let text)): parts.append(try AccountID(text).bytes)
      default: return nil
      }
    }
    return parts
  }

  private func camelCase(_ name: String) -> String {
    name.prefix(1).lowercased() + name.dropFirst()
  }
}
