import Testing

@testable import Substrate

@Suite("Calls of recorded chains")
struct CallVectorTests {
  @Test("Calls encode by name to the recorded bytes and decode back", arguments: RecordedChain.allCases, [14, 15])
  func calls(_ chain: RecordedChain, _ version: Int) throws {
    let metadata = try chain.metadata(version)
    let calls = try chain.vectors("calls")["calls"].list
    #expect(calls.count > 70)
    for call in calls {
      let name = CallName(try #require(call["pallet"].text), try #require(call["call"].text))
      let encoded = try #require(call["encoded"].hex)
      let declared = try metadata.call(name.pallet, name.call)
      #expect(
        declared.arguments.map { metadata.types.name(of: $0.type) }
          == declared.arguments.map { call["argTypes"][$0.name ?? ""].text ?? "" }, "\(name)")
      let made = try metadata.makeCall(
        name, call["args"].object.map { CallArgument($0.key, $0.value.loose) })
      #expect(made.bytes == encoded, "\(name)")
      #expect(made.name == name)
      #expect(try metadata.callName(encoded) == name)
      let decoded = try metadata.decodeCall(encoded)
      #expect(try metadata.types.encode(decoded, as: try #require(metadata.outerCall)) == encoded, "\(name)")
    }
  }

  @Test("A map given out of order is sorted; a repeated key is refused")
  func sortedMaps() throws {
    let metadata = try RecordedChain.february.metadata()
    func call(_ pairs: [(String, Int64)]) throws -> [UInt8] {
      try metadata.makeCall(
        CallName("Network", "owner_add_or_update_initial_coldkeys"),
        [
          CallArgument("subnet_id", 1),
          CallArgument(
            "coldkeys",
            .sequence(
              pairs.map { .tuple([.text("0x" + String(repeating: $0.0, count: 20)), .init(integerLiteral: $0.1)]) })),
        ]
      ).bytes
    }
    #expect(try call([("ff", 1), ("01", 2)]) == call([("01", 2), ("ff", 1)]))
    #expect(throws: ScaleError.self) { try call([("01", 1), ("01", 2)]) }
  }

  @Test("A wrong argument names the expected type; a missing or unknown one the signature")
  func wrongArguments() throws {
    let metadata = try RecordedChain.february.metadata()
    let attest = CallName("Network", "attest")
    let wrong = #expect(throws: ScaleError.self) {
      try metadata.makeCall(attest, [CallArgument("subnet_id", "many"), CallArgument("attest_data", .option(nil))])
    }
    #expect(wrong?.message == "Network.attest.subnet_id: u32 expected, text given")
    let missing = #expect(throws: MetadataError.self) {
      try metadata.makeCall(attest, [CallArgument("subnet_id", 1)])
    }
    #expect(missing?.message.contains("wants attest_data: Option<BoundedVec<u8>>") == true)
    #expect(throws: MetadataError.self) {
      try metadata.makeCall(
        attest, [CallArgument("subnet_id", 1), CallArgument("attest_data", .option(nil)), CallArgument("more", 1)])
    }
    let range = #expect(throws: ScaleError.self) {
      try metadata.makeCall(
        attest, [CallArgument("subnet_id", 4_294_967_296), CallArgument("attest_data", .option(nil))])
    }
    #expect(range?.code == "scale.mismatch")
  }
}
