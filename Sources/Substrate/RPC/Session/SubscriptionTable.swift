/// The subscriptions of one conversation, and the items that came before their confirmation.
struct SubscriptionTable {
  typealias ID = JSONRPCRequest.ID
  typealias Instant = ContinuousClock.Instant
  typealias Item = (value: Result<JSONValue, RPCError>, size: Int)

  /// Items kept for subscriptions whose confirmation has not come yet.
  static let earlyItemLimit = 64
  /// Bytes of JSON text kept for subscriptions whose confirmation has not come yet.
  static let earlyItemBytes = 1 << 20
  /// Longest text that a node may use as the id of a subscription.
  static let serverIDLength = 256

  struct Entry {
    let unsubscribe: String
    let itemDeadline: Duration?
    /// Nil until the node has confirmed.
    fileprivate(set) var serverID: JSONValue?
    /// When the next item must have come.
    fileprivate(set) var overdue: Instant?
  }

  private(set) var entries: [ID: Entry] = [:]
  private var ids: [JSONValue: ID] = [:]
  private var unconfirmed = 0
  private var early: [(serverID: JSONValue, item: Item)] = []

  /// Adds a subscription that waits for its confirmation.
  mutating func add(_ id: ID, unsubscribe: String, itemDeadline: Duration?) {
    entries[id] = Entry(unsubscribe: unsubscribe, itemDeadline: itemDeadline)
    unconfirmed += 1
  }

  /// Takes the node's id for a subscription. The items that came for it before, or nil when the id is
  /// none, or that of another subscription: then the subscription is removed.
  mutating func confirm(_ id: ID, _ serverID: JSONValue, now: Instant) -> [Item]? {
    guard Self.isServerID(serverID), ids[serverID] == nil, let entry = entries[id] else {
      remove(id)
      return nil
    }
    entries[id]?.serverID = serverID
    entries[id]?.overdue = entry.itemDeadline.map { now + $0 }
    ids[serverID] = id
    unconfirmed -= 1
    let items = early.filter { $0.serverID == serverID }.map(\.item)
    early.removeAll { $0.serverID == serverID }
    return items
  }

  /// The subscription that an item is for, whose item deadline begins anew.
  mutating func receive(_ serverID: JSONValue, now: Instant) -> ID? {
    guard let id = ids[serverID], let entry = entries[id] else { return nil }
    entries[id]?.overdue = entry.itemDeadline.map { now + $0 }
    return id
  }

  /// Keeps an item that may belong to a subscription about to be confirmed. False if it can't, or if
  /// there is no room.
  mutating func keep(_ serverID: JSONValue, _ item: Item) -> Bool {
    let bytes = early.reduce(item.size) { $0 + $1.item.size }
    guard unconfirmed > 0, early.count < Self.earlyItemLimit, bytes <= Self.earlyItemBytes,
      Self.isServerID(serverID)
    else { return false }
    early.append((serverID, item))
    return true
  }

  /// The number of kept items that belong to nothing now that every subscription is confirmed.
  mutating func dropUnclaimed() -> Int {
    guard unconfirmed == 0 else { return 0 }
    defer { early = [] }
    return early.count
  }

  @discardableResult
  mutating func remove(_ id: ID) -> Entry? {
    guard let entry = entries.removeValue(forKey: id) else { return nil }
    if let serverID = entry.serverID { ids[serverID] = nil } else { unconfirmed -= 1 }
    return entry
  }

  private static func isServerID(_ value: JSONValue) -> Bool {
    switch value {
    case .string(let text): text.utf8.count <= serverIDLength
    case .integer: true
    default: false
    }
  }
}
