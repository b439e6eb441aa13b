import Foundation
import Testing

@testable import Substrate

@Suite("Chain client")
struct ChainClientTests {
  @Test("The recorded head is read under the hash that it really has", arguments: RecordedChain.allCases)
  func head(_ chain: RecordedChain) async throws {
    let clock = try DevNode.summary(of: chain)["clock"]
    let node = try RecordedNode(chain)
    let client = try await ChainClient(node)
    for state in [try await client.best(), try await client.finalized()] {
      #expect(state.number == clock["block"].text.flatMap { UInt64($0) })
      #expect(state.header.hash == state.hash)
    }
    #expect(try await client.at(number: node.recordedHeight - 1).hash == client.best().header.parent)
  }

  @Test("S7 an endpoint of another chain is refused")
  func wrongChain() async throws {
    let other = try RecordedNode(.december).genesis
    let error = await #expect(throws: ChainError.self) {
      _ = try await ChainClient(try RecordedNode(.february), genesisHash: other)
    }
    #expect(error?.kind == .wrongChain)
  }

  @Test("A block that the chain does not have is an error of its own, by hash and by height")
  func unknownBlock() async throws {
    let client = try await ChainClient(try RecordedNode())
    let nowhere = try #require(BlockHash([UInt8](repeating: 9, count: 32)))
    let byHash = await #expect(throws: ChainError.self) { _ = try await client.at(nowhere) }
    #expect(byHash?.kind == .unknownBlock)
    let byHeight = await #expect(throws: ChainError.self) { _ = try await client.at(number: 1_000_000) }
    #expect(byHeight?.kind == .unknownBlock)
  }

  @Test("S7 a header that belongs to another hash is refused")
  func lyingHeader() async throws {
    let node = try RecordedNode()
    let client = try await ChainClient(node)
    let other = try #require(node.hash(at: 5))
    let header = try await node.call("chain_getHeader", [.string(other.description)])
    node.lie("chain_getHeader") { _, _ in header }
    let error = await #expect(throws: ChainError.self) { _ = try await client.best() }
    #expect(error?.kind == .malformed)
  }

  @Test("S7 a hash that belongs to another height is refused")
  func lyingHeight() async throws {
    let node = try RecordedNode()
    let client = try await ChainClient(node)
    let other = try #require(node.hash(at: 5))
    node.lie("chain_getBlockHash") { _, _ in .string(other.description) }
    let error = await #expect(throws: ChainError.self) { _ = try await client.at(number: 6) }
    #expect(error?.kind == .malformed)
  }

  @Test(
    "S7 answers of another form are refused",
    arguments: [
      JSONValue.bool(true), .string("0x12"), .array([]), 7, .string(String(repeating: "z", count: 66)),
    ])
  func malformed(_ answer: JSONValue) async throws {
    let node = try RecordedNode()
    let client = try await ChainClient(node)
    for method in [
      "chain_getFinalizedHead", "chain_getHeader", "state_getStorageHash", "state_getRuntimeVersion", "chain_getBlock",
    ] {
      node.lie(method) { _, _ in answer }
      let error = await #expect(throws: ChainError.self, "\(method)") {
        let state = try await client.finalized()
        _ = try await state.runtime()
        _ = try await state.extrinsics()
      }
      #expect(error?.kind == .malformed)
      node.lie(method, nil)
    }
  }

  @Test("Metadata V15 is taken where the runtime has it, and V14 where it does not")
  func versions() async throws {
    let node = try RecordedNode()
    let fifteen = try await ChainClient(node).best().metadata()
    #expect(fifteen.version == 15)
    node.lie("state_call") { _, _ in "0x00" }
    #expect(try await ChainClient(node).best().metadata().version == 14)
    node.lie("state_call") { _, _ in
      throw RPCError.server(
        code: 4003, message: "Client error: Execution failed: Exported method Metadata_metadata_at_version is not found"
      )
    }
    #expect(try await ChainClient(node).best().metadata().version == 14)
  }

  @Test("A passing failure does not make V14 the remembered metadata of a runtime")
  func transientFailure() async throws {
    let node = try RecordedNode()
    let client = try await ChainClient(node)
    node.lie("state_call") { _, _ in throw RPCError(.timeout, "no answer in time") }
    let state = try await client.best()
    await #expect(throws: RPCError.self) { _ = try await state.metadata() }
    node.lie("state_call", nil)
    #expect(try await state.metadata().version == 15)
  }

  @Test("A runtime upgrade: state by the new runtime, events and extrinsics by the one that ran the block")
  func upgrade() async throws {
    let node = try RecordedNode(.december)
    let client = try await ChainClient(node)
    let before = node.best
    let upgrading = try node.extend(before, chain: .february)
    let after = try node.extend(upgrading)
    let old = try RecordedChain.december.metadata().hash
    let new = try RecordedChain.february.metadata().hash
    let state = try await client.at(upgrading)
    #expect(try await state.metadata().hash == new)
    #expect(try await state.executingRuntime().metadata.hash == old)
    #expect(try await client.at(before).metadata().hash == old)
    #expect(try await client.at(after).executingRuntime().metadata.hash == new)
    #expect(try await state.runtime().specVersion == client.at(before).runtime().specVersion)

    // Events of the upgrading block, recorded with the runtime of December, decode.
    let recorded = try RecordedChain.december.vectors("events")
    let block = try #require(recorded["blocks"].list.last)
    let key = try #require(recorded["key"].text)
    let raw = try #require(block["raw"].text)
    let upgradingAgain = try node.extend(before, storage: [key: raw], chain: .february, salt: 1)
    let events = try await client.at(upgradingAgain).events()
    #expect(events.count == block["decoded"].list.count)
  }

  @Test("A caller that gives up does not wait for a silent endpoint, and harms no other caller")
  func cancellation() async throws {
    let node = try RecordedNode()
    let state = try await ChainClient(node).best()
    node.silence("state_getStorageHash")
    let waiting = Task { try await state.metadata() }
    while node.count("state_getStorageHash") == 0 { await Task.yield() }
    waiting.cancel()
    await #expect(throws: (any Error).self) { _ = try await waiting.value }
  }
}
