import Foundation
import Substrate
import Testing

@testable import DevChain

/// A chain inside the test, with a hand for signing. Its functions are no async ones, because numbers of 128 bits may
/// not live in those.
final class Simulation {
  var node: DevChainNode
  let metadata: RuntimeMetadata
  private var nonces: [AccountID: UInt32] = [:]

  init(_ configuration: DevChainConfiguration = DevChainConfiguration()) throws {
    node = DevChainNode(try configuration.makeChain(), name: configuration.name, faults: configuration.faults)
    metadata = try RuntimeMetadata(node.chain.description.metadata[15] ?? [])
  }

  static func five() throws -> Simulation {
    var configuration = DevChainConfiguration()
    configuration.snapshot = try Recorded.five()
    return try Simulation(configuration)
  }

  var storage: Storage { node.chain.runtime.storage }
  var block: UInt64 { node.chain.head.header.number }

  /// Makes blocks up to a number.
  func advance(to number: UInt64) {
    while block < number { _ = node.makeBlock() }
  }

  /// The answer of the node to one request.
  func call(_ method: String, _ params: [JSONValue] = []) -> JSONValue {
    let request: JSONValue = ["jsonrpc": "2.0", "id": 1, "method": .string(method), "params": .array(params)]
    var answer: JSONValue = .null
    _ = node.receive(request.encoded(), from: 1) { answer = $0 }
    return answer
  }

  func sign(_ call: HypertensorCall, _ key: AccountKey, era: Era = .immortal, tip: Planck = 0) throws -> [UInt8] {
    try sign(call.make(metadata), key, era: era, tip: tip)
  }

  /// Signs with the next nonce.
  func sign(_ call: RuntimeCall, _ key: AccountKey, era: Era = .immortal, tip: Planck = 0) throws -> [UInt8] {
    let account = key.accountID
    let nonce = nonces[account] ?? storage[System.items.account(account)].nonce
    nonces[account] = nonce + 1
    return try sign(call, key, nonce: nonce, era: era, tip: tip)
  }

  func sign(
    _ call: RuntimeCall, _ key: AccountKey, nonce: UInt32, era: Era = .immortal, tip: Planck = 0
  ) throws -> [UInt8] {
    let chain = node.chain
    let birth = era == .immortal ? 0 : era.birth(at: block)
    let parameters = SigningParameters(
      genesisHash: chain.genesisHash.bytes, specVersion: 1, transactionVersion: 1, nonce: nonce, era: era,
      eraBirthHash: (chain.hash(at: birth) ?? chain.genesisHash).bytes, tip: tip)
    let payload = try SigningPayload(call, parameters, metadata: metadata)
    return payload.extrinsic(signer: key.accountID, signature: try key.sign(payload.message))
  }

  /// Submits, makes a block, and tells how the extrinsic ended there: nil for success, else the error's name.
  @discardableResult
  func run(_ call: HypertensorCall, _ key: AccountKey) throws -> String? {
    try run([(call, key)])[0]
  }

  /// The same for several in one block, in the order of the block.
  func run(_ calls: [(HypertensorCall, AccountKey)]) throws -> [String?] {
    for (call, key) in calls {
      let answer = self.call("author_submitExtrinsic", [JSONValue(hex: try sign(call, key))])
      try #require(answer["error"] == nil, "\(call.name): \(answer)")
    }
    _ = node.makeBlock()
    return try outcomes().suffix(calls.count).map(\.self)
  }

  /// The events of the newest block.
  func events() throws -> [EventRecord] {
    try EventRecord.decode(storage.raw(System.items.events.prefix) ?? [0], metadata: metadata)
  }

  func events(_ name: String) throws -> [EventRecord] { try events().filter { $0.isEvent("Network", name) } }

  /// How each extrinsic of the newest block ended.
  private func outcomes() throws -> [String?] {
    try events().compactMap { event -> String?? in
      if event.isEvent("System", "ExtrinsicSuccess") { return .some(nil) }
      guard event.isEvent("System", "ExtrinsicFailed") else { return nil }
      let error = try event.content.field("dispatch_error").enumeration()
      guard error.name == "Module" else { return .some(error.name) }
      let index: UInt8 = try error.value.field("index").integer()
      let number = try error.value.field("error").byteArray()[0]
      return .some(metadata.moduleError(pallet: index, error: number)?.name ?? "\(index).\(number)")
    }
  }
}
