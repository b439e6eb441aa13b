import Testing

@testable import Substrate

@Suite("Events of recorded blocks")
struct EventVectorTests {
  @Test("Events decode as recorded and encode to the same bytes", arguments: RecordedChain.allCases, [14, 15])
  func events(_ chain: RecordedChain, _ version: Int) throws {
    let metadata = try chain.metadata(version)
    let item = try metadata.storage("System", "Events")
    let vectors = try chain.vectors("events")
    #expect(try item.key(types: metadata.types) == vectors["key"].hex)
    #expect(metadata.types.name(of: item.entry.value) == vectors["type"].text)
    #expect(vectors["blocks"].list.count > 10)
    for block in vectors["blocks"].list {
      let raw = try #require(block["raw"].hex)
      let decoded = try item.value(raw, types: metadata.types)
      let value = try #require(decoded)
      #expect(Fixture(value).normalized == block["decoded"].normalized, "block \(block["block"].text ?? "")")
      #expect(try metadata.types.encode(value, as: item.entry.value) == raw)
    }
  }
}
