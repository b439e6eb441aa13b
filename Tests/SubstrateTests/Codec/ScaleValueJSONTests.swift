import Testing

@testable import Substrate

@Suite("Values as JSON")
struct ScaleValueJSONTests {
  @Test("Recorded calls and events go through JSON and back to the same bytes", arguments: RecordedChain.allCases)
  func roundTrip(_ chain: RecordedChain) throws {
    let metadata = try chain.metadata()
    let outer = try #require(metadata.outerCall)
    for call in try chain.vectors("calls")["calls"].list {
      let bytes = try #require(call["encoded"].hex)
      let text = try metadata.decodeCall(bytes).json.description
      let read = ScaleValue(json: try JSONValue(parsing: Array(text.utf8)))
      #expect(try metadata.types.encode(read, as: outer) == bytes, "\(text)")
    }
    let item = try metadata.storage("System", "Events")
    for block in try chain.vectors("events")["blocks"].list {
      let bytes = try #require(block["raw"].hex)
      let value = try #require(try item.value(bytes, types: metadata.types))
      let read = ScaleValue(json: try JSONValue(parsing: Array(value.json.description.utf8)))
      #expect(try metadata.types.encode(read, as: item.entry.value) == bytes)
    }
  }

  @Test("Integers are numbers as far as every reader keeps them exactly, and text beyond")
  func integers() {
    let limit: UInt128 = 1 << 53
    #expect(ScaleValue.unsigned(limit).json == JSONValue(limit))
    #expect(ScaleValue.unsigned(limit + 1).json == .string("9007199254740993"))
    #expect(ScaleValue.unsigned(.max).json == .string("340282366920938463463374607431768211455"))
    #expect(ScaleValue.signed(-5).json == JSONValue(-5))
    #expect(ScaleValue.signed(.min).json == .string("-170141183460469231731687303715884105728"))
  }

  @Test("Options, variants, bytes and nothing have one form each")
  func forms() {
    #expect(ScaleValue.option(nil).json == .null)
    #expect(ScaleValue.option(.option(nil)).json == ["Some": nil])
    #expect(ScaleValue.option(5).json == 5)
    #expect(ScaleValue.variant(.init("Active")).json == "Active")
    #expect(ScaleValue.variant(.init("Id", .bytes([1]))).json == ["Id": "0x01"])
    #expect(ScaleValue.unit.json == .null)
    #expect(ScaleValue.fields([.init("a", .tuple([1, true]))]).json == ["a": [1, true]])
  }
}
