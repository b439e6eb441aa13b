import Foundation
import Substrate
import Testing

@testable import DevChain

/// Files that the published runtime made.
enum Recorded {
  static let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  static func bytes(_ path: String) throws -> [UInt8] {
    Array(try Data(contentsOf: tests.appending(path: path)))
  }

  static func json(_ path: String) throws -> JSONValue { try JSONValue(parsing: bytes(path)) }

  static func metadata(_ version: Int = 15) throws -> RuntimeMetadata {
    try RuntimeMetadata(bytes("Vectors/chain/metadata-chain-2026-02-10.v\(version).scale"))
  }

  /// An active subnet with five validators and one node in the queue, in the first block of its epoch 2.
  static func five() throws -> [UInt8] { try bytes("Interop/chain/states/five-feb2026.state.json") }

  static let subnet: UInt32 = 128_001

  /// The nodes of the subnet, by id.
  static func nodes() throws -> [RecordedNode] {
    let list = try json("Interop/chain/states/five-feb2026.summary.json")["nodes"]?.arrayValue ?? []
    return try list.map { try RecordedNode($0) }
  }
}

struct RecordedNode {
  let id: UInt32
  let coldkey: AccountKey
  let hotkey: AccountKey
  let peerID: String

  init(_ json: JSONValue) throws {
    id = try #require(json["id"]?.uint64Value.flatMap(UInt32.init(exactly:)))
    let coldkeySecret = try #require(json["coldkeySecret"]?.hexBytes)
    let hotkeySecret = try #require(json["hotkeySecret"]?.hexBytes)
    coldkey = try AccountKey(secret: coldkeySecret)
    hotkey = try AccountKey(secret: hotkeySecret)
    peerID = try #require(json["peerId"]?.stringValue)
  }
}
