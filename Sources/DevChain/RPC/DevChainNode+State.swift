import Substrate

/// `state_*`: storage, metadata and runtime functions, at any block whose state is kept.
extension DevChainNode {
  static let stateMethods: [String: Method] = [
    "state_getStorage": storage, "state_getStorageAt": storage,
    "state_getStorageHash": { node, parameters, _ throws(RPCFailure) in
      try node.value(parameters).map { JSONValue(hex: Blake2b.hash256($0)) } ?? .null
    },
    "state_getStorageSize": { node, parameters, _ throws(RPCFailure) in
      try node.value(parameters).map { JSONValue($0.count) } ?? .null
    },
    "state_getKeysPaged": keysPaged, "state_getKeysPagedAt": keysPaged,
    "state_queryStorageAt": { node, parameters, _ throws(RPCFailure) in try node.values(parameters) },
    "state_getMetadata": { node, parameters, _ throws(RPCFailure) in
      JSONValue(hex: try node.description(at: parameters.block(0)).metadata[14] ?? [])
    },
    "state_getRuntimeVersion": runtimeVersion, "chain_getRuntimeVersion": runtimeVersion,
    "state_call": stateCall, "state_callAt": stateCall,
    "state_subscribeStorage": { node, parameters, connection throws(RPCFailure) in
      try node.subscribeStorage(parameters, connection)
    },
    "state_subscribeRuntimeVersion": subscribingRuntimeVersion,
    "chain_subscribeRuntimeVersion": subscribingRuntimeVersion,
    "state_unsubscribeStorage": unsubscribing, "state_unsubscribeRuntimeVersion": unsubscribing,
    "chain_unsubscribeRuntimeVersion": unsubscribing,
  ]

  // Methods that go by two names.

  private static let storage: Method = { node, parameters, _ throws(RPCFailure) in
    try node.value(parameters).map { JSONValue(hex: $0) } ?? .null
  }

  private static let keysPaged: Method = { node, parameters, _ throws(RPCFailure) in try node.keys(parameters) }

  private static let runtimeVersion: Method = { node, parameters, _ throws(RPCFailure) in
    RuntimeVersion.json(try node.description(at: parameters.block(0)).parameters)
  }

  private static let stateCall: Method = { node, parameters, _ throws(RPCFailure) in
    let function = try parameters.text(0)
    let arguments = try parameters.hex(1)
    return JSONValue(hex: try node.run(function, arguments, at: parameters.block(2)))
  }

  private static let subscribingRuntimeVersion: Method = { node, _, connection throws(RPCFailure) in
    let version = RuntimeVersion.json(node.chain.description.parameters)
    return .string(try node.subscribe(.runtimeVersion, connection, first: version).id)
  }

  /// Keys in one page, and values asked for at once.
  private static let pageLimit: UInt32 = 1000

  /// A block that the node knows; the newest for nil.
  func known(_ hash: BlockHash?) throws(RPCFailure) -> BlockHash {
    guard let hash else { return chain.head.hash }
    guard chain.block(hash) != nil else { throw .unknownBlock(hash) }
    return hash
  }

  /// The runtime after a block; the newest for nil.
  private func description(at hash: BlockHash?) throws(RPCFailure) -> RuntimeDescription {
    let hash = try known(hash)
    guard let description = chain.description(at: hash) else { throw .discarded(hash) }
    return description
  }

  /// The state after a block; the newest for nil.
  mutating func state(at hash: BlockHash?) throws(RPCFailure) -> Runtime {
    let hash = try known(hash)
    guard let state = chain.state(at: hash) else { throw .discarded(hash) }
    return state
  }

  private func value(_ parameters: RPCParameters) throws(RPCFailure) -> [UInt8]? {
    let key = try parameters.hex(0)
    return try value(key, at: parameters.block(1))
  }

  private func value(_ key: [UInt8], at block: BlockHash?) throws(RPCFailure) -> [UInt8]? {
    let hash = try known(block)
    guard let value = chain.value(key, at: hash) else { throw .discarded(hash) }
    return value
  }

  private mutating func keys(_ parameters: RPCParameters) throws(RPCFailure) -> JSONValue {
    let prefix = try parameters.optionalHex(0) ?? []
    let count = try parameters.integer(1, UInt32.self)
    guard count <= Self.pageLimit else {
      throw RPCFailure(4002, "count exceeds maximum value. value: \(count), max: \(Self.pageLimit)")
    }
    let start = try parameters.optionalHex(2)
    let keys = try state(at: parameters.block(3)).storage.keys(prefix, after: start, limit: Int(count))
    return .array(keys.map { JSONValue(hex: $0) })
  }

  private func values(_ parameters: RPCParameters) throws(RPCFailure) -> JSONValue {
    let keys = try parameters.hexList(0)
    guard keys.count <= Int(Self.pageLimit) else { throw .invalidParams("too many keys") }
    let hash = try known(parameters.block(1))
    return [try changes(keys, at: hash)]
  }

  private func changes(_ keys: [[UInt8]], at hash: BlockHash) throws(RPCFailure) -> JSONValue {
    var changes: [JSONValue] = []
    for key in keys {
      let value = try value(key, at: hash)
      changes.append([JSONValue(hex: key), value.map { JSONValue(hex: $0) } ?? .null])
    }
    return ["block": .string(hash.description), "changes": .array(changes)]
  }

  /// Runs a runtime function, named `Api_method`.
  mutating func run(_ function: String, _ arguments: [UInt8], at hash: BlockHash?) throws(RPCFailure) -> [UInt8] {
    let state = try state(at: hash)
    for api in RuntimeAPIs.all where function.hasPrefix(api.name + "_") {
      guard let method = api.methods.first(where: { api.name + "_" + $0.name == function }) else { continue }
      do throws(ScaleError) {
        return try method.run(state, arguments)
      } catch {
        throw RPCFailure(4003, "Client error: Execution failed: Could not decode the arguments of \(function)")
      }
    }
    throw RPCFailure(
      4003, "Client error: Execution failed: Other: Exported method \(function.prefix(100)) is not found")
  }

  private mutating func subscribeStorage(
    _ parameters: RPCParameters, _ connection: Int?
  ) throws(RPCFailure) -> JSONValue {
    let keys = parameters[0] == nil ? [] : try parameters.hexList(0)
    guard keys.count <= Subscriptions.keyLimit else { throw .invalidParams("too many keys") }
    let first = keys.isEmpty ? nil : try changes(keys, at: chain.head.hash)
    return .string(try subscribe(.storage(keys), connection, first: first).id)
  }
}

/// The version of the runtime, as `state_getRuntimeVersion` tells it.
enum RuntimeVersion {
  static func json(_ parameters: RuntimeParameters) -> JSONValue {
    [
      "specName": .string(RuntimeParameters.specName), "implName": .string(RuntimeParameters.specName),
      "authoringVersion": 1, "specVersion": JSONValue(parameters.specVersion), "implVersion": 1,
      "apis": .array(RuntimeAPIs.all.map { [JSONValue(hex: $0.id), JSONValue($0.version)] }),
      "transactionVersion": JSONValue(RuntimeParameters.transactionVersion), "systemVersion": 1, "stateVersion": 1,
    ]
  }
}
