import Foundation
import Substrate
import Testing

@testable import DevChain

/// Requests that a published node was asked, with its answers.
@Suite("Recorded requests")
struct RecordedRequestsTests {
  @Test("Every recorded request is answered in the same shape, errors with the same code and text")
  func shapes() throws {
    let chain = try Simulation.five()
    // A loaded state brings no block that could be shown.
    chain.advance(to: chain.block + 1)
    let calls = try Recorded.json("Vectors/chain/rpc-chain-2026-02-10.json")["calls"]?.arrayValue ?? []
    var count = 0
    let recordedHead = calls.first { $0["request"]?["method"] == "chain_getFinalizedHead" }?["response"]?["result"]
    for call in calls {
      let method = try #require(call["request"]?["method"]?.stringValue)
      // The recorded chain's newest block stands for this one's.
      let params = (call["request"]?["params"]?.arrayValue ?? []).map { value in
        value == recordedHead ? .string(chain.node.chain.head.hash.description) : value
      }
      let theirs = try #require(call["response"])
      // These were signed for other nonces than this state's, or sent to another pool.
      if ["author_submitExtrinsic", "author_pendingExtrinsics", "system_dryRun"].contains(method) { continue }
      let mine = chain.call(method, params)
      if let error = theirs["error"] {
        #expect(mine["error"]?["code"] == error["code"], "\(method)")
        #expect(mine["error"]?["message"] == error["message"], "\(method)")
        #expect(mine["error"]?["data"] == error["data"], "\(method)")
      } else {
        let (left, right) = (try #require(mine["result"], "\(method): \(mine)"), theirs["result"] ?? .null)
        #expect(left.shape == right.shape, "\(method): \(left.shape) for \(right.shape)")
        if right != .null { count += 1 }
      }
    }
    #expect(count > 80)
  }

  @Test("Extrinsics that the published node refused are refused with the same words")
  func refusals() throws {
    let chain = try Simulation.five()
    let alith = try #require(try Recorded.nodes().first).coldkey
    let call = try chain.metadata.makeCall(CallName("System", "remark"), [CallArgument("remark", .bytes([1]))])
    func submit(_ bytes: [UInt8]) -> JSONValue { chain.call("author_submitExtrinsic", [JSONValue(hex: bytes)]) }
    func refusal(_ answer: JSONValue) -> String { "\(answer["error"]?["code"] ?? 0) \(answer["error"]?["data"] ?? "")" }

    #expect(submit([0x12, 0x34])["error"]?["code"] == 1001)
    var forged = try chain.sign(call, alith)
    forged[forged.count - 1] ^= 1
    #expect(refusal(submit(forged)) == #"1010 "Transaction has a bad signature""#)
    #expect(refusal(submit(try chain.sign(call, alith, nonce: 0))) == #"1010 "Transaction is outdated""#)
    let poor = try AccountKey(secret: [UInt8](repeating: 1, count: 32))
    #expect(
      refusal(submit(try chain.sign(call, poor)))
        == #"1010 "Inability to pay some fees (e.g. account balance too low)""#)
    let good = try chain.sign(call, alith)
    #expect(submit(good)["result"]?.hexBytes == Blake2b.hash256(good))
    #expect(submit(good)["error"]?["code"] == 1013)
    #expect(chain.call("author_pendingExtrinsics")["result"]?.arrayValue?.count == 1)
  }

  @Test("What network_* tells of the recorded subnet equals what the published node told, where nothing moved since")
  func recordedNodes() throws {
    let chain = try Simulation.five()
    let calls = try Recorded.json("Vectors/chain/rpc-chain-2026-02-10.json")["calls"]?.arrayValue ?? []
    var count = 0
    for call in calls where call["request"]?["method"] == "network_proofOfStake" {
      guard let params = call["request"]?["params"]?.arrayValue, params.count <= 4,
        let note = call["note"]?.stringValue, let theirs = call["response"]?["result"]?.boolValue,
        !note.hasPrefix("faith"), !note.contains("overwatch"), !note.contains("client"), !note.contains("bootnode peer")
      else { continue }
      #expect(chain.call("network_proofOfStake", params)["result"]?.boolValue == theirs, "\(note)")
      count += 1
    }
    #expect(count > 25)
  }
}

extension JSONValue {
  /// The kinds of a value and of its parts, without their content.
  fileprivate var shape: String {
    switch self {
    case .null: "null"
    case .bool: "bool"
    case .integer, .double: "number"
    case .string(let text): text.hasPrefix("0x") ? "hex" : "text"
    case .array(let elements): "[\(elements.first?.shape ?? "")]"
    case .object(let members):
      "{\(members.filter { !$0.value.isNull }.map { "\($0.key): \($0.value.shape)" }.sorted().joined(separator: ", "))}"
    }
  }
}
