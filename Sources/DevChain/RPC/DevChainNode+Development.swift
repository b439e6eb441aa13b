import Substrate

/// `dev_*`: what no real node offers, for tests.
extension DevChainNode {
  static let developmentMethods: [String: Method] = [
    "dev_newBlock": { node, parameters, _ throws(RPCFailure) in
      let wanted = parameters[0]
      let count = wanted?["count"]?.uint64Value ?? wanted?.uint64Value ?? 1
      guard count <= node.blocksLeft else { throw .invalidParams("no more than \(blockLimit) blocks at once") }
      node.blocksLeft -= count
      for _ in 0..<count { node.postpone(node.makeBlock()) }
      return .string(node.chain.head.hash.description)
    },
    "dev_retract": { node, parameters, _ throws(RPCFailure) in
      node.postpone(node.retract(Int(try parameters.integer(0, UInt32.self))))
      return .string(node.chain.head.hash.description)
    },
    "dev_setFinalityLag": { node, parameters, _ throws(RPCFailure) in
      node.chain.finalityLag = try parameters.integer(0, UInt32.self)
      return true
    },
    "dev_setStorage": { node, parameters, _ throws(RPCFailure) in
      guard let members = parameters[0]?.objectValue else { throw .invalidParams("expected a map") }
      var changes: Storage.Changes = [:]
      for (key, value) in members {
        guard let key = JSONValue.string(key).hexBytes, value.isNull || value.hexBytes != nil else {
          throw .invalidParams("keys and values are hex")
        }
        changes.updateValue(value.hexBytes, forKey: key)
      }
      node.chain.override(changes)
      node.postpone(node.notifyStorage(changes))
      return .string(node.chain.head.hash.description)
    },
    "dev_faults": { node, parameters, _ throws(RPCFailure) in
      if let faults = parameters[0] { node.faults = try Faults(faults) }
      return node.faults.json
    },
    "dev_saveState": { node, _, _ throws(RPCFailure) in Snapshot(node.chain).json },
    "dev_info": { node, _, _ throws(RPCFailure) in
      [
        "subscriptions": JSONValue(node.subscriptions.count), "pool": JSONValue(node.chain.pool.count),
        "storageKeys": JSONValue(node.chain.runtime.storage.count),
        "storageBytes": JSONValue(node.chain.runtime.storage.size),
        "finalityLag": JSONValue(node.chain.finalityLag), "faults": node.faults.json,
      ]
    },
  ]

  /// Blocks that one message may ask for, a batch's requests together.
  static let blockLimit: UInt64 = 1_000
}
