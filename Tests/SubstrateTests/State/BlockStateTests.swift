import Testing

@testable import Substrate

@Suite("State at a block")
struct BlockStateTests {
  private func state(_ chain: RecordedChain = .february) async throws -> (RecordedNode, BlockState) {
    let node = try RecordedNode(chain)
    return (node, try await ChainClient(node).best())
  }

  @Test("A value that is not stored is the default for `value` and nothing for `stored`")
  func defaults() async throws {
    let (_, state) = try await state()
    let nobody: ScaleValue = .bytes([UInt8](repeating: 0xee, count: 20))
    #expect(try await state.stored("System", "Account", nobody) == nil)
    #expect(try await state.account(AccountID(bytes: [UInt8](repeating: 0xee, count: 20))).free == 0)
    #expect(try await state.stored("Network", "SubnetNodesData", 1, 99) == nil)
    // The made-up node full of zeroes that `stored` is there to avoid.
    #expect(try await state.value("Network", "SubnetNodesData", 1, 99) != nil)
    #expect(try await state.value("Network", "SubnetElectedValidator", 1, 99) == nil)
  }

  @Test("Too few keys, too many and unknown names say what there is")
  func wrongNames() async throws {
    let (_, state) = try await state()
    let few = await #expect(throws: MetadataError.self) { _ = try await state.value("Network", "SubnetNodesData", 1) }
    #expect(few?.kind == .keyMismatch)
    #expect(few?.remedy == "They are: u32, u32.")
    let many = await #expect(throws: MetadataError.self) { _ = try await state.stored("System", "Number", 1) }
    #expect(many?.remedy == "It is a single value.")
    await #expect(throws: MetadataError.self) { _ = try await state.value("Network", "SubnetSlots", 1) }
    await #expect(throws: MetadataError.self) { _ = try await state.constant("Network", "Nothing") }
    #expect(try await state.constant("Network", "EpochLength") == 20)
  }

  @Test(
    "Entries of a map are all there, in the order of their keys, with the parts that the hasher keeps",
    arguments: RecordedChain.allCases)
  func entries(_ chain: RecordedChain) async throws {
    let (node, state) = try await state(chain)
    let item = try await state.metadata().storage("System", "Account")
    let expected = node.storage(state.hash).keys.filter { $0.hasPrefix(Hex.encode(item.prefix)) }.sorted()
    #expect(expected.count > 10)
    var found: [String] = []
    for try await entry in try await state.entries("System", "Account") {
      found.append(Hex.encode(entry.key))
      let account = try #require(try entry.parts.first??.byteArray())
      #expect(try await state.account(AccountID(bytes: account)) == AccountState(entry.value))
    }
    #expect(found == expected)
  }

  @Test("A map of more than one page is read to its end, and one entry over the limit is an error")
  func pages() async throws {
    let (node, state) = try await state()
    let metadata = try await state.metadata()
    let item = try metadata.storage("Network", "SubnetSlot")
    let count = 1234
    var storage: [String: String?] = [:]
    for index in 0..<count {
      let key = try item.key([.unsigned(UInt128(index) + 1_000_000)], types: metadata.types)
      storage[Hex.encode(key)] = "0x07000000"
    }
    let before = node.storage(state.hash).keys.filter { $0.hasPrefix(Hex.encode(item.prefix)) }.count
    let large = try await state.client.at(try node.extend(state.hash, storage: storage))
    var found: Set<[UInt8]> = []
    for try await entry in try await large.entries("Network", "SubnetSlot") { found.insert(entry.key) }
    #expect(found.count == count + before)
    #expect(node.count("state_getKeysPaged") == 3)
    let error = await #expect(throws: ChainError.self) {
      for try await _ in try await large.entries("Network", "SubnetSlot", limit: count + before - 1) {}
    }
    #expect(error?.kind == .tooMany)
  }

  /// How an endpoint may lie about a map.
  enum Lie: CaseIterable {
    case repeated, disordered, foreign, endless, oversized, notHex, missingValue, otherValue, truncatedValue, nullValue
  }

  @Test("S7 an endpoint that lies about a map is refused", arguments: Lie.allCases)
  func hostile(_ lie: Lie) async throws {
    let (node, state) = try await state()
    let prefix = Hex.encode(try await state.metadata().storage("System", "Account").prefix)
    node.lie("state_getKeysPaged") { _, honest in
      let keys = try honest().arrayValue ?? []
      switch lie {
      case .repeated: return .array(keys + [keys[keys.count - 1]])
      case .disordered: return .array(keys.reversed())
      case .foreign: return .array(keys + ["0xffff"])
      case .endless: return .array(Array(repeating: keys[0], count: 500))
      case .oversized: return .array(Array(repeating: .string(prefix + "00"), count: 501))
      case .notHex: return .array(keys + [7])
      default: return .array(keys)
      }
    }
    node.lie("state_queryStorageAt") { params, honest in
      let answer = try honest()
      var changes = answer[0]?["changes"]?.arrayValue ?? []
      guard let first = changes.first, let key = first[0], let value = first[1]?.stringValue else { return answer }
      switch lie {
      case .missingValue: changes.removeFirst()
      case .otherValue: changes[0] = ["0x1234", .string(value)]
      case .truncatedValue: changes[0] = [key, .string(String(value.dropLast(2)))]
      case .nullValue: changes[0] = [key, nil]
      default: break
      }
      return [["block": answer[0]?["block"] ?? nil, "changes": .array(changes)]]
    }
    await #expect(throws: (any Error).self) {
      for try await _ in try await state.entries("System", "Account") {}
    }
  }

  @Test("S7 an endpoint that never ends a map is stopped by the limit")
  func endless() async throws {
    let (node, state) = try await state()
    let prefix = try await state.metadata().storage("System", "Account").prefix
    node.lie("state_getKeysPaged") { params, _ in
      // Each page goes on where the last one ended, for ever.
      let last = params[2].hexBytes?.suffix(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) } ?? 0
      return .array(
        (1...500).map { step in
          let number = last + UInt32(step)
          let account =
            [UInt8](repeating: 0, count: 16) + (0..<4).map { UInt8(truncatingIfNeeded: number >> UInt32(24 - $0 * 8)) }
          // The hash part is constant so that the keys ascend; nobody gets to check it.
          return .string(Hex.encode(prefix + [UInt8](repeating: 0, count: 16) + account))
        })
    }
    node.lie("state_queryStorageAt") { params, _ in
      let value = JSONValue.string("0x" + String(repeating: "00", count: 80))
      return [["block": nil, "changes": .array((params[0].arrayValue ?? []).map { [$0, value] })]]
    }
    await #expect(throws: (any Error).self) {
      for try await _ in try await state.entries("System", "Account", limit: 2000) {}
    }
    #expect(node.count("state_getKeysPaged") <= 5)
  }

  @Test("Runtime APIs: arguments by declared type, results to the last byte")
  func runtimeAPI() async throws {
    let (node, state) = try await state()
    let account = try AccountID(bytes: [UInt8](repeating: 7, count: 20))
    let honest: RecordedNode.Lie = { params, honest in
      guard params[0] == "AccountNonceApi_account_nonce" else { return try honest() }
      #expect(params[1].hexBytes == account.bytes)
      #expect(params[2].stringValue == state.hash.description)
      return "0x09000000"
    }
    node.lie("state_call", honest)
    #expect(try await state.call("AccountNonceApi", "account_nonce", [.bytes(account.bytes)]) == 9)
    for answer in ["0x090000", "0x0900000000"] {
      node.lie("state_call") { params, honest in
        params[0] == "AccountNonceApi_account_nonce" ? .string(answer) : try honest()
      }
      await #expect(throws: ScaleError.self) {
        _ = try await state.call("AccountNonceApi", "account_nonce", [.bytes(account.bytes)])
      }
    }
    let count = await #expect(throws: MetadataError.self) {
      _ = try await state.call("AccountNonceApi", "account_nonce")
    }
    #expect(count?.remedy.contains("AccountId20") == true)
    await #expect(throws: ScaleError.self) { _ = try await state.call("AccountNonceApi", "account_nonce", ["many"]) }
    await #expect(throws: MetadataError.self) { _ = try await state.call("AccountNonceApi", "nothing") }
  }

  @Test("S7 a block under another header than was asked for gives no extrinsics")
  func otherBlock() async throws {
    let (node, state) = try await state()
    #expect(try await !state.extrinsics().isEmpty)
    let other = try await node.call("chain_getBlock", [.string(try #require(node.hash(at: 5)).description)])
    node.lie("chain_getBlock") { _, _ in other }
    let error = await #expect(throws: ChainError.self) { _ = try await state.extrinsics() }
    #expect(error?.kind == .malformed)
    node.lie("chain_getBlock") { _, _ in nil }
    let unknown = await #expect(throws: ChainError.self) { _ = try await state.extrinsics() }
    #expect(unknown?.kind == .unknownBlock)
  }
}
