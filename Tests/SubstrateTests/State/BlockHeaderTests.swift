import Foundation
import Testing

@testable import Substrate

@Suite("Block headers and hashes")
struct BlockHeaderTests {
  @Test("Recorded headers encode to the recorded SCALE and hash", arguments: RecordedChain.allCases)
  func recorded(_ chain: RecordedChain) throws {
    let blocks = try chain.vectors("blocks")["blocks"].list
    #expect(blocks.count >= 4)
    for block in blocks {
      let header = try BlockHeader(json: try #require(block["block"]["header"].json))
      #expect(header.encoded == block["headerScale"].hex)
      #expect(header.hash.description == block["hash"].text)
      #expect(header.hash.bytes == block["hash"].hex)
      #expect(header.reference.hash == header.hash)
    }
  }

  @Test(
    "S7 headers that no node writes are refused",
    arguments: [
      ("number", "12"), ("number", "0x+5"), ("number", "0x"), ("number", "0x10000000000000000"), ("parentHash", "0x12"),
      ("stateRoot", "0x"), ("extrinsicsRoot", "nothing"),
    ])
  func malformed(_ field: String, _ text: String) throws {
    let block = try #require(try RecordedChain.february.vectors("blocks")["blocks"].list.first)
    guard case .object(var members) = try #require(block["block"]["header"].json) else { return }
    members[field] = .string(text)
    let error = #expect(throws: ChainError.self) { try BlockHeader(json: .object(members)) }
    #expect(error?.kind == .malformed)
  }

  @Test("S7 a header with more digest items than any block has is refused")
  func digestFlood() throws {
    let block = try #require(try RecordedChain.february.vectors("blocks")["blocks"].list.first)
    guard case .object(var members) = try #require(block["block"]["header"].json) else { return }
    members["digest"] = ["logs": .array(Array(repeating: "0x00", count: BlockHeader.maximumDigestItems + 1))]
    #expect(throws: ChainError.self) { try BlockHeader(json: .object(members)) }
  }

  @Test("A block hash is 32 bytes, and its text is read back")
  func hashes() throws {
    let bytes = (0..<32).map { UInt8($0 * 7) }
    #expect(BlockHash(bytes)?.bytes == bytes)
    #expect(BlockHash(hex: Hex.encode(bytes))?.bytes == bytes)
    #expect(BlockHash(bytes.dropLast()) == nil)
    #expect(BlockHash(bytes + [0]) == nil)
    #expect(BlockHash(hex: Hex.encodeUnprefixed(bytes)) == nil)
    #expect(BlockHash(hex: "0x" + String(repeating: "g", count: 64)) == nil)
    let reference = BlockReference(number: 7, hash: try #require(BlockHash(bytes)))
    let stored = try JSONEncoder().encode(reference)
    #expect(try JSONDecoder().decode(BlockReference.self, from: stored) == reference)
    #expect(String(decoding: stored, as: UTF8.self).contains(reference.hash.description))
    #expect(throws: DecodingError.self) { try JSONDecoder().decode(BlockHash.self, from: Data("\"0x12\"".utf8)) }
  }
}
