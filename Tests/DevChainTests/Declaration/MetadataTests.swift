import Substrate
import Testing

@testable import DevChain

/// The runtime's own description, held to that of the published runtime of generation B.
@Suite("Metadata of the simulated runtime")
struct MetadataTests {
  private static let description = RuntimeDescription(RuntimeParameters())

  private static func own(_ version: UInt32 = 15) throws -> RuntimeMetadata {
    try RuntimeMetadata(description.metadata[version] ?? [])
  }

  @Test("Metadata is read, and written back to the byte", arguments: [UInt32(14), 15])
  func roundTrip(_ version: UInt32) throws {
    let metadata = try Self.own(version)
    #expect(metadata.version == UInt8(version))
    #expect(metadata.encoded() == Self.description.metadata[version])
    #expect(try Generation(metadata) == .b)
  }

  @Test("The code changes with the constants and not otherwise")
  func code() throws {
    #expect(RuntimeDescription(RuntimeParameters()).code == Self.description.code)
    #expect(RuntimeDescription(RuntimeParameters(epochLength: 21)).code != Self.description.code)
    #expect(
      try RuntimeMetadata(RuntimeDescription(RuntimeParameters(epochLength: 21)).metadata[15] ?? [])
        .constant("Network", "EpochLength") == 21)
  }

  @Test("Calls have the numbers, arguments and types of the published runtime")
  func calls() throws {
    let (own, published) = (try Self.own(), try Recorded.metadata())
    var count = 0
    for pallet in Pallets.all {
      for call in pallet.calls {
        let (mine, theirs) = (try own.call(pallet.name, call.name), try published.call(pallet.name, call.name))
        #expect(mine.palletIndex == theirs.palletIndex && mine.index == theirs.index, "\(call.name)")
        #expect(mine.arguments.map(\.name) == theirs.arguments.map(\.name), "\(call.name)")
        #expect(
          mine.arguments.map { own.types.name(of: $0.type).spelled }
            == theirs.arguments.map {
              published.types.name(of: $0.type).spelled
            }, "\(call.name)")
        count += 1
      }
    }
    #expect(count >= 45)
  }

  @Test("Storage has the hashers, types and defaults of the published runtime")
  func storage() throws {
    let (own, published) = (try Self.own(), try Recorded.metadata())
    var count = 0
    for pallet in own.pallets {
      for entry in pallet.storage?.entries ?? [] {
        let (mine, theirs) = (try own.storage(pallet.name, entry.name), try published.storage(pallet.name, entry.name))
        #expect(mine.prefix == theirs.prefix)
        #expect(mine.entry.hashers == theirs.entry.hashers, "\(mine.name)")
        #expect(mine.entry.modifier == theirs.entry.modifier, "\(mine.name)")
        #expect(
          mine.keyTypes.map { own.types.name(of: $0).spelled }
            == theirs.keyTypes.map {
              published.types.name(of: $0).spelled
            }, "\(mine.name)")
        #expect(
          own.types.name(of: entry.value).spelled == published.types.name(of: theirs.entry.value).spelled,
          "\(mine.name)")
        // An account without anything is told with another mark; nothing reads it.
        if mine.name != "System.Account" { #expect(entry.fallback == theirs.entry.fallback, "\(mine.name)") }
        count += 1
      }
    }
    #expect(count > 180)
  }

  @Test("Events and errors have the numbers, fields and types of the published runtime")
  func eventsAndErrors() throws {
    let (own, published) = (try Self.own(), try Recorded.metadata())
    for pallet in own.pallets {
      let theirs = try #require(published.pallet(ifPresent: pallet.name))
      for (mine, other) in [(pallet.events, theirs.events), (pallet.errors, theirs.errors)] {
        guard let mine else { continue }
        let known = try published.types.type(#require(other)).variants
        for variant in try own.types.type(mine).variants {
          let same = try #require(known.first { $0.name == variant.name }, "\(pallet.name).\(variant.name)")
          #expect(same.index == variant.index, "\(pallet.name).\(variant.name)")
          #expect(variant.fields.map(\.name) == same.fields.map(\.name), "\(pallet.name).\(variant.name)")
          let (left, right) = (
            variant.fields.map { own.types.name(of: $0.type).spelled },
            same.fields.map { published.types.name(of: $0.type).spelled }
          )
          #expect(left == right, "\(pallet.name).\(variant.name)")
        }
      }
    }
  }

  @Test("Runtime functions take and give what those of the published runtime do")
  func functions() throws {
    let (own, published) = (try Self.own(), try Recorded.metadata())
    for api in own.apis {
      for method in api.methods {
        let theirs = try published.api(api.name, method.name)
        #expect(method.inputs.map(\.name) == theirs.inputs.map(\.name), "\(api.name).\(method.name)")
      }
    }
    let network = try #require(own.apis.first { $0.name == "NetworkRuntimeApi" })
    #expect(network.methods.count == published.apis.first { $0.name == "NetworkRuntimeApi" }?.methods.count)
  }

  @Test("Recorded calls of the published runtime encode to the same bytes")
  func recordedCalls() throws {
    let metadata = try Self.own()
    let calls = try Recorded.json("Vectors/chain/calls-chain-2026-02-10.json")["calls"]?.arrayValue ?? []
    var count = 0
    for call in calls {
      let (pallet, name) = (try #require(call["pallet"]?.stringValue), try #require(call["call"]?.stringValue))
      guard Pallets.all.first(where: { $0.name == pallet })?.calls.contains(where: { $0.name == name }) == true else {
        continue
      }
      let encoded = try #require(call["encoded"]?.hexBytes)
      var reader = ScaleReader(encoded)
      _ = try DevCall(from: &reader)
      #expect(reader.remaining == 0, "\(name)")
      #expect(try metadata.callName(encoded) == CallName(pallet, name))
      count += 1
    }
    #expect(count > 50)
  }

  @Test("Recorded values of the published state are read and written back to the byte")
  func recordedState() throws {
    let chain = try Simulation.five().node.chain
    let types = try Self.own()
    var count = 0
    for item in Pallets.all.flatMap(\.storage) {
      for key in chain.runtime.storage.keys(item.prefix) {
        guard let bytes = chain.runtime.storage.raw(key), item.name != "Events" else { continue }
        #expect(try Self.rewritten(bytes, item) == bytes, "\(item.name)")
        count += 1
      }
    }
    #expect(types.pallets.count == Pallets.all.count)
    #expect(count > 150)
  }

  private static func rewritten<Item: StorageDeclaration>(_ bytes: [UInt8], _ item: Item) throws -> [UInt8] {
    try Item.Value(encoded: bytes).encoded
  }
}

extension String {
  /// Without the parameters of types that say nothing of the layout.
  fileprivate var spelled: String {
    replacing("<AccountId20>", with: "").replacing("<H256>", with: "").replacing("<RuntimeEvent, H256>", with: "")
      .replacing("<u8>", with: "").replacing("<u128, Weight>", with: "").replacing("<u128>", with: "")
      .replacing("<u32, AccountData>", with: "")
  }
}
