import Fuzzing
@testable import Substrate

@testable import DevChain

/// What clients send to a simulated chain. Lines are a conversation: the first byte says who sends the rest, or that a
/// block is made or undone. Input that begins with `x` is an extrinsic, or the content of a signed one. Each message is
/// answered once, in the form of the protocol; nothing is kept beyond the limits, or after the client has left.
///
/// `dev_setStorage` is left out: who may write any value anywhere may also break the chain.
@main
struct FuzzDevChain: FuzzTarget {
  private static let client = 1
  private let node: DevChainNode
  private let key: AccountKey
  private let metadata: RuntimeMetadata

  init() throws {
    var configuration = DevChainConfiguration()
    configuration.snapshot = try Vectors.bytes("../Interop/chain/states/five-feb2026.state.json")
    configuration.finalityLag = 2
    (configuration.keptStates, configuration.keptBlocks) = (8, 16)
    node = DevChainNode(try configuration.makeChain(), name: configuration.name)
    let secrets = try Vectors.texts("hotkeySecret", in: "../Interop/chain/states/five-feb2026.summary.json")
    guard let first = secrets.first, let secret = Hex.decode(first) else {
      throw ScaleError(.malformed, "the recorded subnet has no hotkey")
    }
    key = try AccountKey(secret: secret)
    metadata = try RuntimeMetadata(node.chain.description.metadata[15] ?? [])
  }

  func seeds() throws -> [[UInt8]] {
    let recorded = try Vectors.objects("request", in: "chain/rpc-chain-2026-02-10.json").prefix(60)
    let own = DevChainNode.methods.keys.sorted().map {
      Array(#"{"jsonrpc":"2.0","id":1,"method":"\#($0)","params":["0x00",1,null,{"stall":1}]}"#.utf8)
    }
    let subnet: UInt32 = 128_001
    let calls = [
      try HypertensorCall.attest(subnet: subnet, node: 1).make(metadata).bytes,
      try HypertensorCall.proposeAttestation(
        subnet: subnet, node: 1, scores: [.init(subnetNodeID: 1, score: .one)]
      ).make(metadata).bytes,
      try HypertensorCall.removeSubnetNode(subnet: subnet, node: 1).make(metadata).bytes,
    ]
    let batch = "m[" + recorded.prefix(3).map { String(decoding: $0, as: UTF8.self) }.joined(separator: ",") + "]"
    let faults =
      #"m{"jsonrpc":"2.0","id":2,"method":"dev_faults","params":[{"withheld":["0x\#(key.accountID.hex.dropFirst(2))"],"reject":2}]}"#
    return recorded.map { Array("m".utf8) + $0 + Array("\nb\nu2\nb".utf8) } + own.map { Array("m".utf8) + $0 }
      + own.map { Array("h".utf8) + $0 } + calls.map { Array("xs".utf8) + $0 }
      + [Array("\(batch)\nb".utf8), Array("\(faults)\nb\nb".utf8)]
      + (try calls.map { Array("xw".utf8) + (try signed($0)) })
  }

  func take(_ input: [UInt8]) {
    var node = node
    if input.first == UInt8(ascii: "x") {
      submit(Array(input.dropFirst()), &node)
    } else {
      for line in input.split(separator: UInt8(ascii: "\n"), maxSplits: 32) { proceed(Array(line), &node) }
    }
    promise(node.chain.pool.count <= TransactionPool.limit, "the pool has more than its limit")
    promise(node.subscriptions.count <= Subscriptions.limit, "a client has more subscriptions than it may")
    node.leave(Self.client)
    promise(node.subscriptions.count == 0, "a client that has left is still told something")
    node.faults = Faults()
    let height = node.chain.head.header.number
    _ = node.makeBlock()
    promise(node.chain.head.header.number == height + 1, "the chain does not go on")
  }

  // MARK: Conversations

  private func proceed(_ line: [UInt8], _ node: inout DevChainNode) {
    let rest = Array(line.dropFirst())
    switch line.first.map({ Unicode.Scalar($0) }) {
    case "b": _ = node.makeBlock()
    case "u": _ = node.retract(Int(rest.first ?? 0) & 7)
    case "h": receive(rest, nil, &node)
    default: receive(rest, Self.client, &node)
    }
  }

  private func receive(_ message: [UInt8], _ client: Int?, _ node: inout DevChainNode) {
    guard !String(decoding: message, as: UTF8.self).contains("dev_setStorage") else { return }
    let mayBeSilent = node.faults.drop > 0 || node.faults.silent > 0
    var answers: [JSONValue] = []
    _ = node.receive(message, from: client) { answers.append($0) }
    promise(answers.count <= 1, "a message is answered twice")
    if let json = try? JSONValue(parsing: message), json["id"] != nil, !mayBeSilent {
      promise(answers.count == 1, "a request has no answer")
    }
    for answer in answers.flatMap({ $0.arrayValue ?? [$0] }) {
      promise(answer["jsonrpc"]?.stringValue == "2.0", "an answer is none of the protocol")
      promise((answer["result"] != nil) != (answer["error"] != nil), "an answer is neither good nor bad")
    }
  }

  // MARK: Extrinsics

  /// `s` and a call, which is signed here; `w` and a whole extrinsic.
  private func submit(_ input: [UInt8], _ node: inout DevChainNode) {
    let content = Array(input.dropFirst())
    guard let bytes = input.first == UInt8(ascii: "s") ? try? signed(content) : content else { return }
    let hex = Hex.encode(bytes)
    for method in ["system_dryRun", "payment_queryInfo", "author_submitAndWatchExtrinsic"] {
      let request: JSONValue = [
        "jsonrpc": "2.0", "id": 1, "method": .string(method), "params": .array([.string(hex)]),
      ]
      receive(request.encoded(), Self.client, &node)
    }
    _ = node.makeBlock()
    _ = node.retract(1)
    _ = node.makeBlock()
  }

  private func signed(_ call: [UInt8]) throws -> [UInt8] {
    let call = RuntimeCall(name: CallName("System", "remark"), bytes: call, metadataHash: metadata.hash)
    let parameters = SigningParameters(
      genesisHash: node.chain.genesisHash.bytes, specVersion: node.chain.description.parameters.specVersion,
      transactionVersion: RuntimeParameters.transactionVersion,
      nonce: node.chain.runtime.storage[System.items.account(key.accountID)].nonce, era: .immortal,
      eraBirthHash: node.chain.genesisHash.bytes, tip: 0)
    let payload = try SigningPayload(call, parameters, metadata: metadata)
    return payload.extrinsic(signer: key.accountID, signature: try key.sign(payload.message))
  }
}
