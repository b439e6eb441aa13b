import Testing

@testable import Substrate

@Suite("Metadata of recorded runtimes")
struct MetadataTests {
  @Test("V14 and V15 decode completely and encode to the same bytes", arguments: RecordedChain.allCases, [14, 15])
  func roundTrip(_ chain: RecordedChain, _ version: Int) throws {
    let bytes = try chain.metadataBytes(version)
    let metadata = try RuntimeMetadata(bytes)
    #expect(Int(metadata.version) == version)
    #expect(metadata.encoded() == bytes)
    #expect(metadata.apis.isEmpty == (version == 14))
  }

  @Test("The content hash is the one published for the runtime")
  func contentHash() throws {
    #expect(
      Hex.encode(try RecordedChain.december.metadata(14).hash)
        == "0x151ae79d8f9760f0cdeae5e57be736ddc6152bb85b33b9b86b6ae171ba165e44")
    #expect(
      Hex.encode(try RecordedChain.february.metadata(14).hash)
        == "0x52238ee815d98674749468ef3821a4de3ab2ce52a87183cc12aaadef68bd6c0e")
  }

  @Test("Names are found, and a wrong one suggests the right one")
  func lookup() throws {
    let metadata = try RecordedChain.february.metadata()
    #expect(try metadata.call("Network", "attest").arguments.map(\.name) == ["subnet_id", "attest_data"])
    #expect(try metadata.constant("Network", "EpochLength") == 20)
    #expect(try metadata.api("NetworkRuntimeApi", "proof_of_stake").inputs.count == 4)
    #expect(metadata.moduleError(pallet: 23, error: 0x18)?.pallet == "Network")
    let error = #expect(throws: MetadataError.self) { try metadata.call("Network", "atest") }
    #expect(error?.code == "metadata.unknown-call")
    #expect(error?.remedy == "Did you mean attest?")
    #expect(throws: MetadataError.self) { try metadata.pallet("Netwrok") }
    #expect(throws: MetadataError.self) { try metadata.storage("Network", "SubnetSlots") }
    #expect(throws: MetadataError.self) { try metadata.constant("Network", "Nothing") }
    #expect(throws: MetadataError.self) { try metadata.api("NetworkRuntimeApi", "nothing") }
  }

  @Test("S7 truncated metadata is refused at every length")
  func truncated() throws {
    let bytes = try RecordedChain.february.metadataBytes(15)
    for length in stride(from: 0, to: bytes.count, by: 997) {
      #expect(throws: ScaleError.self) { try RuntimeMetadata(Array(bytes.prefix(length))) }
    }
    #expect(throws: ScaleError.self) { try RuntimeMetadata(bytes + [0]) }
  }

  @Test("S7 flipped bytes never crash the reader of metadata, nor a decoder that trusts it")
  func damaged() throws {
    let bytes = try RecordedChain.december.metadataBytes(14)
    let events = try #require(try RecordedChain.december.vectors("events")["blocks"].list.first?["raw"].hex)
    var generator = SplitMix64(seed: 7)
    var decoded = 0
    for _ in 0..<60 {
      var damaged = bytes
      for _ in 0..<3 {
        damaged[Int(generator.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: generator.next())
      }
      guard let metadata = try? RuntimeMetadata(damaged) else { continue }
      decoded += 1
      if let item = try? metadata.storage("System", "Events") {
        _ = try? metadata.types.decode(events, as: item.entry.value)
      }
    }
    // Most damage hits documentation and leaves metadata that decodes, so both paths were taken.
    #expect(decoded > 0 && decoded < 60)
  }

  @Test("S7 metadata that is too large or of another version is refused by name")
  func refused() throws {
    let large = [UInt8](repeating: 0, count: RuntimeMetadata.maximumSize + 1)
    #expect(throws: ScaleError(.limit, "metadata of \(large.count) bytes, \(large.count - 1) at most")) {
      try RuntimeMetadata(large)
    }
    #expect(throws: ScaleError(.unknownType, "metadata version 16; this build reads 14 and 15")) {
      try RuntimeMetadata(Array("meta".utf8) + [16])
    }
  }
}
