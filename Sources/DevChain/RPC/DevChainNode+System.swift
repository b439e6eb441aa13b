import Substrate

/// `system_*`, `chainSpec_*` and `rpc_methods`: the node about itself.
extension DevChainNode {
  static let systemMethods: [String: Method] = [
    "system_chain": { node, _, _ throws(RPCFailure) in .string(node.name) },
    "system_name": { _, _, _ throws(RPCFailure) in "validatord simulated chain" },
    "system_version": { _, _, _ throws(RPCFailure) in "0.1.0" },
    "system_chainType": { node, _, _ throws(RPCFailure) in .string(node.type) },
    "system_nodeRoles": { _, _, _ throws(RPCFailure) in ["Authority"] },
    "system_peers": { _, _, _ throws(RPCFailure) in [] },
    "system_properties": { _, _, _ throws(RPCFailure) in properties },
    "system_health": { _, _, _ throws(RPCFailure) in
      ["peers": 0, "isSyncing": false, "shouldHavePeers": false]
    },
    "system_syncState": { node, _, _ throws(RPCFailure) in
      let number = JSONValue(node.chain.head.header.number)
      return ["startingBlock": 0, "currentBlock": number, "highestBlock": number]
    },
    "system_accountNextIndex": { node, parameters, _ throws(RPCFailure) in
      let account = try parameters.account(0)
      let nonce = node.chain.runtime.storage[System.items.account(account)].nonce
      return JSONValue(node.chain.pool.nextNonce(account, after: nonce))
    },
    "chainSpec_v1_chainName": { node, _, _ throws(RPCFailure) in .string(node.name) },
    "chainSpec_v1_genesisHash": { node, _, _ throws(RPCFailure) in .string(node.chain.genesisHash.description) },
    "chainSpec_v1_properties": { _, _, _ throws(RPCFailure) in properties },
    "rpc_methods": { _, _, _ throws(RPCFailure) in
      ["methods": .array(methodNames.map { .string($0) })]
    },
  ]

  private static let properties: JSONValue = [
    "isEthereum": true, "ss58Format": 42, "tokenDecimals": 18, "tokenSymbol": "TENSOR",
  ]
}
