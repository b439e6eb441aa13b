import Substrate

/// Who wants to be told what.
struct Subscriptions: Sendable {
  enum Topic: Sendable, Hashable {
    case newHeads, allHeads, finalizedHeads, runtimeVersion
    /// Values under these keys; all of them if there are none.
    case storage([[UInt8]])
    /// What becomes of an extrinsic.
    case extrinsic

    /// The method of its notifications.
    var method: String {
      switch self {
      case .newHeads: "chain_newHead"
      case .allHeads: "chain_allHead"
      case .finalizedHeads: "chain_finalizedHead"
      case .runtimeVersion: "state_runtimeVersion"
      case .storage: "state_storage"
      case .extrinsic: "author_extrinsicUpdate"
      }
    }
  }

  /// How many one client may have.
  static let limit = 128
  /// Keys that one subscription of storage may name.
  static let keyLimit = 1024

  private var topics: [SubscriptionID: Topic] = [:]
  private var counts: [Int: Int] = [:]
  private var made: UInt64 = 0

  var count: Int { topics.count }

  mutating func add(_ topic: Topic, connection: Int) throws(RPCFailure) -> SubscriptionID {
    guard counts[connection, default: 0] < Self.limit else {
      throw RPCFailure(
        -32006, "Too many subscriptions on the connection", .string("Exceeded max limit of \(Self.limit)"))
    }
    made += 1
    // Ids tell nothing about each other, as those of a published node.
    let id = Hex.encodeUnprefixed(Blake2b.hash(made.encoded, length: 8))
    let subscription = SubscriptionID(connection: connection, id: id)
    topics[subscription] = topic
    counts[connection, default: 0] += 1
    return subscription
  }

  /// Whether there was such a subscription.
  mutating func remove(_ subscription: SubscriptionID) -> Bool {
    guard topics.removeValue(forKey: subscription) != nil else { return false }
    counts[subscription.connection, default: 1] -= 1
    if counts[subscription.connection] == 0 { counts[subscription.connection] = nil }
    return true
  }

  mutating func removeAll(of connection: Int) {
    guard counts.removeValue(forKey: connection) != nil else { return }
    topics = topics.filter { $0.key.connection != connection }
  }

  /// Those whose topic `matches`, in a fixed order.
  func all(_ matches: (Topic) -> Bool) -> [(SubscriptionID, Topic)] {
    topics.filter { matches($0.value) }.sorted { ($0.key.connection, $0.key.id) < ($1.key.connection, $1.key.id) }
      .map { ($0.key, $0.value) }
  }

  static func notification(_ id: SubscriptionID, _ topic: Topic, _ result: JSONValue) -> JSONValue {
    ["jsonrpc": "2.0", "method": .string(topic.method), "params": ["subscription": .string(id.id), "result": result]]
  }
}
