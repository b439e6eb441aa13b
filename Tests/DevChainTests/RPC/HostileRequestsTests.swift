@testable import Substrate
import Testing

@testable import DevChain

/// What a client may send, and what it may cost.
@Suite("Hostile requests")
struct HostileRequestsTests {
  @Test("Anything that is no request is an error, and the node goes on")
  func noRequests() throws {
    let chain = try Simulation()
    let texts = [
      "", "{", "[]", "null", "1", #""text""#, "{}", #"{"jsonrpc":"1.0","id":1,"method":"system_chain"}"#,
      #"{"jsonrpc":"2.0","id":1,"method":7}"#, String(repeating: "[", count: 100_000),
      "[" + Array(repeating: "1", count: 1000).joined(separator: ",") + "]",
    ]
    for text in texts {
      var answers: [JSONValue] = []
      _ = chain.node.receive(Array(text.utf8), from: 1) { answers.append($0) }
      #expect(answers.count == 1)
      let errors = answers[0].arrayValue ?? answers
      #expect(errors.allSatisfy { $0["error"] != nil }, "\(text.prefix(40))")
    }
    #expect(chain.call("system_chain")["result"] != nil)
  }

  @Test("Every method takes wrong parameters of every kind for an error")
  func wrongParameters() throws {
    let chain = try Simulation.five()
    let wrong: [JSONValue] = [
      .null, true, -1, 1.5, "text", "0x", "0x1", "0xzz", JSONValue(UInt128.max), [], [[]], [1, 2, 3], [:],
      ["a": nil], .string(String(repeating: "0", count: 10_000)), .array(Array(repeating: -1, count: 1000)),
    ]
    var generator = SystemRandomNumberGenerator()
    for method in DevChainNode.methodNames where !method.hasPrefix("dev_newBlock") {
      for _ in 0..<40 {
        let params = (0..<Int.random(in: 0...5, using: &generator)).map { _ in wrong.randomElement() ?? .null }
        let answer = chain.call(method, params)
        #expect((answer["result"] == nil) != (answer["error"] == nil), "\(method) \(params)")
      }
    }
  }

  @Test("Extrinsics of any bytes are refused or taken, never more")
  func extrinsics() throws {
    let chain = try Simulation.five()
    let key = try #require(try Recorded.nodes().first)
    let good = try chain.sign(.attest(subnet: Recorded.subnet, node: 1), key.hotkey)
    var generator = SystemRandomNumberGenerator()
    for round in 0..<400 {
      var bytes = good
      for _ in 0...(round % 4) { bytes[Int.random(in: 0..<bytes.count, using: &generator)] = .random(in: 0...255) }
      if round.isMultiple(of: 3) { bytes.removeLast(Int.random(in: 1..<bytes.count, using: &generator)) }
      let answer = chain.call("author_submitExtrinsic", [JSONValue(hex: bytes)])
      #expect(bytes == good || answer["error"] != nil || answer["result"] != nil)
      _ = chain.call(
        "state_call", [.string("BlockBuilder_apply_extrinsic"), JSONValue(hex: bytes)])
    }
    // Batches within batches, to any depth.
    var nested: [UInt8] = [0, 7, 0]
    for _ in 0..<2000 { nested = [15, 0, 4] + nested }
    let call = RuntimeCallBytes.make(nested, chain.metadata)
    let answer = chain.call("author_submitExtrinsic", [JSONValue(hex: try chain.sign(call, key.coldkey))])
    #expect(answer["error"]?["code"] == 1002)
    _ = chain.node.makeBlock()
  }

  @Test("A client has no more than its subscriptions, and they go with it")
  func subscriptions() throws {
    let chain = try Simulation()
    for _ in 0..<Subscriptions.limit { #expect(chain.call("chain_subscribeNewHeads")["result"] != nil) }
    #expect(chain.call("chain_subscribeNewHeads")["error"] != nil)
    #expect(chain.node.makeBlock().count == Subscriptions.limit)
    chain.node.leave(1)
    #expect(chain.node.makeBlock().isEmpty)
  }

  @Test("Old states and blocks are forgotten, the genesis is not")
  func retention() throws {
    var configuration = DevChainConfiguration()
    configuration.keptStates = 8
    configuration.keptBlocks = 16
    let chain = try Simulation(configuration)
    let genesis = chain.node.chain.genesisHash
    chain.advance(to: 4)
    let early = try #require(chain.node.chain.hash(at: 3))
    #expect(chain.call("state_getKeysPaged", ["0x", 10, nil, .string(early.description)])["result"] != nil)
    chain.advance(to: 20)
    #expect(chain.call("state_getStorage", ["0x00", .string(early.description)])["error"]?["code"] == 4003)
    chain.advance(to: 200)
    #expect(chain.call("chain_getHeader", [.string(early.description)])["result"] == JSONValue.null)
    #expect(chain.call("chain_getBlockHash", [0])["result"]?.stringValue == genesis.description)
    #expect(chain.call("chain_getHeader", [.string(genesis.description)])["result"]?["number"] == "0x0")
  }
}

/// A call of any bytes.
enum RuntimeCallBytes {
  static func make(_ bytes: [UInt8], _ metadata: RuntimeMetadata) -> RuntimeCall {
    RuntimeCall(name: CallName("System", "remark"), bytes: bytes, metadataHash: metadata.hash)
  }
}
