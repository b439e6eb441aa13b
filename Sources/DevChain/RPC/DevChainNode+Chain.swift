import Substrate

/// `chain_*`: blocks.
extension DevChainNode {
  static let chainMethods: [String: Method] = [
    "chain_getBlockHash": { node, parameters, _ throws(RPCFailure) in try node.blockHash(parameters) },
    "chain_getHead": { node, parameters, _ throws(RPCFailure) in try node.blockHash(parameters) },
    "chain_getHeader": { node, parameters, _ throws(RPCFailure) in
      let hash = try parameters.block(0) ?? node.chain.head.hash
      return node.chain.block(hash)?.header.json ?? .null
    },
    "chain_getBlock": { node, parameters, _ throws(RPCFailure) in
      let hash = try parameters.block(0) ?? node.chain.head.hash
      guard let block = node.chain.block(hash) else { return .null }
      let extrinsics = JSONValue.array(block.extrinsics.map { JSONValue(hex: $0) })
      return ["block": ["header": block.header.json, "extrinsics": extrinsics], "justifications": nil]
    },
    "chain_getFinalizedHead": { node, _, _ throws(RPCFailure) in .string(node.chain.finalized.hash.description) },
    "chain_getFinalisedHead": { node, _, _ throws(RPCFailure) in .string(node.chain.finalized.hash.description) },
    "chain_subscribeNewHeads": { node, _, client throws(RPCFailure) in try node.subscribeHeads(.newHeads, client) },
    "chain_subscribeNewHead": { node, _, client throws(RPCFailure) in try node.subscribeHeads(.newHeads, client) },
    "chain_subscribeAllHeads": { node, _, client throws(RPCFailure) in try node.subscribeHeads(.allHeads, client) },
    "chain_subscribeFinalizedHeads": { node, _, client throws(RPCFailure) in
      try node.subscribeHeads(.finalizedHeads, client)
    },
    "chain_subscribeFinalisedHeads": { node, _, client throws(RPCFailure) in
      try node.subscribeHeads(.finalizedHeads, client)
    },
    "chain_unsubscribeNewHeads": unsubscribing, "chain_unsubscribeNewHead": unsubscribing,
    "chain_unsubscribeAllHeads": unsubscribing, "chain_unsubscribeFinalizedHeads": unsubscribing,
    "chain_unsubscribeFinalisedHeads": unsubscribing,
  ]

  static let unsubscribing: Method = { node, parameters, client throws(RPCFailure) in
    try node.unsubscribe(parameters, client)
  }

  private mutating func subscribeHeads(
    _ topic: Subscriptions.Topic, _ client: Int?
  ) throws(RPCFailure) -> JSONValue {
    let block = topic == .finalizedHeads ? chain.block(chain.finalized.hash) : chain.head
    return .string(try subscribe(topic, client, first: block?.header.json).id)
  }

  /// For a number, several numbers, or none: the newest.
  private func blockHash(_ parameters: RPCParameters) throws(RPCFailure) -> JSONValue {
    guard let wanted = parameters[0] else { return .string(chain.head.hash.description) }
    if let numbers = wanted.arrayValue {
      guard numbers.count <= Self.batchLimit else { throw .invalidParams("too many numbers") }
      var hashes: [JSONValue] = []
      for number in numbers { hashes.append(try blockHash(number)) }
      return .array(hashes)
    }
    return try blockHash(wanted)
  }

  private func blockHash(_ wanted: JSONValue) throws(RPCFailure) -> JSONValue {
    guard let number = wanted.uint64Value ?? wanted.hexNumber.flatMap(UInt64.init(exactly:)) else {
      throw .invalidParams("expected a block number")
    }
    return chain.hash(at: number).map { .string($0.description) } ?? .null
  }
}
