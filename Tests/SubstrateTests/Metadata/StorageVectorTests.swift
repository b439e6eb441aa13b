import Testing

@testable import Substrate

@Suite("Storage keys and values of recorded chains")
struct StorageVectorTests {
  @Test("Every item's prefix is that of the runtime", arguments: RecordedChain.allCases)
  func prefixes(_ chain: RecordedChain) throws {
    let metadata = try chain.metadata(14)
    let prefixes = try chain.vectors("storage")["prefixes"].object
    #expect(prefixes.count > 200)
    for (name, prefix) in prefixes {
      let parts = name.split(separator: ".").map(String.init)
      #expect(try metadata.storage(parts[0], parts[1]).prefix == prefix.hex, "\(name)")
    }
  }

  @Test("Keys, values and defaults, both ways", arguments: RecordedChain.allCases, [14, 15])
  func entries(_ chain: RecordedChain, _ version: Int) throws {
    let metadata = try chain.metadata(version)
    let types = metadata.types
    let entries = try chain.vectors("storage")["entries"].list
    #expect(entries.count > 50)
    for entry in entries {
      let name = "\(entry["pallet"].text ?? "").\(entry["item"].text ?? "")"
      let item = try metadata.storage(try #require(entry["pallet"].text), try #require(entry["item"].text))
      #expect(
        item.entry.hashers.map { $0.rawValue.lowercased() } == entry["hashers"].list.map { $0.text?.lowercased() },
        "\(name)")
      #expect(item.keyTypes.map { types.name(of: $0) } == entry["keyTypes"].list.compactMap(\.text), "\(name)")
      #expect(types.name(of: item.entry.value) == entry["valueType"].text, "\(name)")
      #expect(item.entry.modifier == (entry["modifier"].text == "Default" ? .default : .optional), "\(name)")
      #expect(item.entry.fallback == entry["default"].hex, "\(name)")

      let key = try item.key(entry["keys"].list.map(\.loose), types: types)
      #expect(key == entry["key"].hex, "\(name)")
      let parts = try item.parts(of: key, types: types)
      for (index, part) in parts.enumerated() {
        guard let part else { continue }
        let given = try types.encode(entry["keys"].list[index].loose, as: item.keyTypes[index])
        #expect(try types.encode(part, as: item.keyTypes[index]) == given, "\(name)")
      }

      let raw = entry["raw"].hex
      let value = try item.value(raw, types: types)
      #expect((value.map(Fixture.init) ?? .null).normalized == entry["decoded"].normalized, "\(name)")
      if let raw, let value { #expect(try types.encode(value, as: item.entry.value) == raw, "\(name)") }
    }
  }

  @Test("A key part of the wrong type or one too many names what is expected")
  func wrongParts() throws {
    let metadata = try RecordedChain.february.metadata()
    let item = try metadata.storage("Network", "HotkeySubnetNodeId")
    let error = #expect(throws: ScaleError.self) { try item.key([1, "0x1234"], types: metadata.types) }
    #expect(error?.message == "Network.HotkeySubnetNodeId key 2: AccountId20 expected, text given")
    #expect(throws: MetadataError.self) { try item.key([1, 2, 3], types: metadata.types) }
    #expect(throws: ScaleError.self) { try item.parts(of: [1, 2, 3], types: metadata.types) }
    var key = try item.key([.unsigned(1), .bytes([UInt8](repeating: 7, count: 20))], types: metadata.types)
    key[40] ^= 1
    #expect(throws: ScaleError.self) { try item.parts(of: key, types: metadata.types) }
  }
}
