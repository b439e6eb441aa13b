import Substrate

/// A node as a value: requests and ticks of the clock in, messages out.
struct DevChainNode: Sendable {
  /// What is to be done for a client.
  enum Action: Sendable {
    case send(Int, JSONValue)
    case close(Int)
  }

  /// Requests in one batch.
  static let batchLimit = 256

  var chain: Chain
  var subscriptions = Subscriptions()
  var faults: Faults
  let name: String
  let type: String
  /// What is left to send when the answer has gone out.
  private var later: [Action] = []
  /// Blocks that the message at hand may still ask for.
  var blocksLeft = blockLimit
  /// Extrinsics of blocks that are not final yet, with who watches them.
  var watched: [BlockHash: [TransactionPool.Entry]] = [:]

  init(_ chain: Chain, name: String, type: String = "Development", faults: Faults = Faults()) {
    self.chain = chain
    self.name = name
    self.type = type
    self.faults = faults
  }

  // MARK: Requests

  /// Takes one message of a client.
  ///
  /// - Parameter connection: nil for a client that can't be told anything later.
  mutating func receive(_ message: [UInt8], from connection: Int?, answer: (JSONValue) -> Void) -> [Action] {
    blocksLeft = Self.blockLimit
    if faults.take(\.drop) { return connection.map { [.close($0)] } ?? [] }
    if faults.take(\.silent) { return [] }
    guard let json = try? JSONValue(parsing: message, limits: JSONLimits(depth: 32, values: 1 << 18)) else {
      answer(Self.response(nil, error: .parse))
      return []
    }
    if case .array(let batch) = json {
      guard !batch.isEmpty, batch.count <= Self.batchLimit else {
        answer(Self.response(nil, error: .invalidRequest))
        return []
      }
      let answers = batch.compactMap { respond($0, connection) }
      if !answers.isEmpty { answer(.array(answers)) }
    } else if let response = respond(json, connection) {
      answer(response)
    }
    defer { later = [] }
    return later
  }

  private mutating func respond(_ request: JSONValue, _ connection: Int?) -> JSONValue? {
    let id = request["id"]
    do throws(RPCFailure) {
      guard request["jsonrpc"]?.stringValue == "2.0", let method = request["method"]?.stringValue else {
        throw .invalidRequest
      }
      if !method.hasPrefix("dev_"), faults.take(\.error) { throw .internalError }
      let result = try call(method, try RPCParameters(request["params"]), connection)
      return id.map { ["jsonrpc": "2.0", "id": $0, "result": result] }
    } catch {
      if id == nil, error != .invalidRequest { return nil }
      return Self.response(id, error: error)
    }
  }

  private static func response(_ id: JSONValue?, error: RPCFailure) -> JSONValue {
    ["jsonrpc": "2.0", "id": id ?? .null, "error": error.json]
  }

  private mutating func call(
    _ method: String, _ parameters: RPCParameters, _ connection: Int?
  ) throws(RPCFailure) -> JSONValue {
    if let question = NetworkQuestion.byMethod[method] { return try answer(question, parameters) }
    guard let handler = Self.methods[method] else { throw .methodNotFound }
    return try handler(&self, parameters, connection)
  }

  typealias Method = @Sendable (inout DevChainNode, RPCParameters, Int?) throws(RPCFailure) -> JSONValue

  static let methods: [String: Method] = [
    chainMethods, stateMethods, authorMethods, systemMethods, networkMethods, developmentMethods,
  ].reduce(into: [:]) { $0.merge($1) { first, _ in first } }

  /// What `rpc_methods` lists.
  static var methodNames: [String] { (Array(methods.keys) + Array(NetworkQuestion.byMethod.keys)).sorted() }

  mutating func leave(_ connection: Int) {
    subscriptions.removeAll(of: connection)
  }

  // MARK: Subscriptions

  /// Subscribes a client, and tells it what there is already, behind the answer.
  mutating func subscribe(
    _ topic: Subscriptions.Topic, _ connection: Int?, first: JSONValue? = nil
  ) throws(RPCFailure) -> SubscriptionID {
    guard let connection else { throw RPCFailure(-32601, "Subscriptions are not available on this transport") }
    let id = try subscriptions.add(topic, connection: connection)
    if let first { later.append(.send(connection, Subscriptions.notification(id, topic, first))) }
    return id
  }

  mutating func unsubscribe(_ parameters: RPCParameters, _ connection: Int?) throws(RPCFailure) -> JSONValue {
    let id = SubscriptionID(connection: connection ?? -1, id: try parameters.text(0))
    chain.pool.unwatch(id)
    return .bool(subscriptions.remove(id))
  }

  func notify(_ topic: Subscriptions.Topic, _ result: JSONValue) -> [Action] {
    subscriptions.all { $0 == topic }.map {
      .send($0.0.connection, Subscriptions.notification($0.0, $0.1, result))
    }
  }

  mutating func postpone(_ actions: [Action]) { later += actions }

  // MARK: Blocks

  /// Whether an extrinsic could go into a block now.
  var hasReadyExtrinsics: Bool {
    chain.pool.ready { chain.runtime.storage[System.items.account($0)].nonce }
      .contains { !faults.withheld.contains($0.transaction.signer) }
  }

  /// Makes the next block and tells everybody.
  mutating func makeBlock() -> [Action] {
    if faults.take(\.stall) { return [] }
    let made = chain.makeBlock(without: faults.withheld)
    let hash: JSONValue = .string(made.block.hash.description)
    var actions = tell(made.dropped, "invalid", isLast: true)
    actions += tell(made.included, ["inBlock": hash], isLast: false)
    if made.included.contains(where: { !$0.watchers.isEmpty }) { watched[made.block.hash] = made.included }
    actions += notify(.newHeads, made.block.header.json)
    actions += notify(.allHeads, made.block.header.json)
    actions += notifyStorage(made.changed)
    for block in made.finalized {
      actions += notify(.finalizedHeads, block.header.json)
      let final: JSONValue = ["finalized": .string(block.hash.description)]
      actions += tell(watched.removeValue(forKey: block.hash) ?? [], final, isLast: true)
    }
    return actions
  }

  /// Takes blocks back, as if another fork had won.
  mutating func retract(_ count: Int) -> [Action] {
    var actions: [Action] = []
    for block in chain.retract(count) {
      let status: JSONValue = ["retracted": .string(block.hash.description)]
      let entries = watched.removeValue(forKey: block.hash) ?? []
      actions += tell(entries, status, isLast: false)
      for entry in entries { chain.pool.restore(entry) }
      for bytes in block.extrinsics {
        guard let transaction = try? SignedTransaction(bytes) else { continue }
        _ = try? chain.pool.insert(bytes, transaction)
      }
    }
    return actions + notify(.newHeads, chain.head.header.json)
  }

  /// Puts another runtime in place, and tells those who want to know.
  mutating func upgrade(_ parameters: RuntimeParameters) -> [Action] {
    chain.upgrade(parameters)
    return notify(.runtimeVersion, RuntimeVersion.json(parameters))
  }

  /// Tells those who watch extrinsics what became of them.
  mutating func tell(_ entries: [TransactionPool.Entry], _ status: JSONValue, isLast: Bool) -> [Action] {
    entries.flatMap(\.watchers).map { watcher in
      if isLast { _ = subscriptions.remove(watcher) }
      return .send(watcher.connection, Subscriptions.notification(watcher, .extrinsic, status))
    }
  }

  func notifyStorage(_ changed: Storage.Changes) -> [Action] {
    let hash = chain.head.hash
    return subscriptions.all { if case .storage = $0 { true } else { false } }.compactMap { id, topic in
      guard case .storage(let keys) = topic else { return nil }
      let all = keys.isEmpty ? changed.keys.sorted { $0.lexicographicallyPrecedes($1) } : keys
      let changes = all.compactMap { key in
        changed[key].map { value in JSONValue.array([JSONValue(hex: key), value.map { JSONValue(hex: $0) } ?? .null]) }
      }
      guard !changes.isEmpty else { return nil }
      return .send(
        id.connection,
        Subscriptions.notification(id, topic, ["block": .string(hash.description), "changes": .array(changes)]))
    }
  }
}
