/// One JSON-RPC conversation over a message transport: what is open, what arrives, what is overdue.
///
/// A value without I/O or clock. Bytes and instants go in, ``Action``s come out; the transport carries
/// them out in order. Everything that the peer can make grow is bounded by ``RPCLimits`` and the
/// constants here. Requests are numbered by the caller, ascending.
struct JSONRPCStateMachine {
  typealias ID = JSONRPCRequest.ID
  typealias Instant = ContinuousClock.Instant
  typealias BatchResult = Result<[Result<JSONValue, RPCError>], RPCError>

  enum Action {
    case answer(ID, Result<JSONValue, RPCError>)
    case answerBatch(ID, BatchResult)
    case confirmSubscription(ID, Result<Void, RPCError>)
    /// An item, and the bytes of JSON text it came in.
    case deliver(ID, JSONValue, size: Int)
    case endSubscription(ID, RPCError)
    /// Ask the node to end the subscription of this server id. Its answer is of no interest.
    case unsubscribe(method: String, JSONValue)
    /// The peer does not speak the protocol: close. Everything open has been answered.
    case close(RPCError)
  }

  /// Messages that belong to nothing, in a row, after which the peer is given up.
  static let unsolicitedLimit = 1024
  /// How long the confirmation of a subscription nobody wants any more is waited for, to undo it.
  static let abandonedTimeout = Duration.seconds(60)

  /// What came in and was dropped.
  struct Ignored: Equatable {
    /// Answers to requests already answered, cancelled or timed out.
    var late = 0
    /// Answers to ids never given out, and errors without an id.
    var unknown = 0
    /// Items of subscriptions that are not open.
    var items = 0
    /// Messages that are neither answer nor notification.
    var unintelligible = 0
  }

  private enum Pending {
    case call(deadline: Instant)
    case member(of: ID)
    case subscribe(deadline: Instant)
    case abandoned(unsubscribe: String, deadline: Instant)
    /// An unsubscribe call, whose answer changes nothing.
    case ignored(deadline: Instant)
  }

  private struct Batch {
    var results: [Result<JSONValue, RPCError>?]
    var open: Int
    let deadline: Instant
  }

  let limits: RPCLimits
  private(set) var ignored = Ignored()
  private var pending: [ID: Pending] = [:]
  private var batches: [ID: Batch] = [:]
  private var subscriptions = SubscriptionTable()
  /// Requests, batches by their first id, whose answer may be as large as metadata.
  private var largeAnswers: Set<ID> = []
  /// Whether the message at hand is larger than an ordinary answer may be.
  private var isOversize = false
  /// The share of each part in the bytes of the message at hand.
  private var partSize = 0
  private var unsolicitedInARow = 0
  private var nextUnusedID: ID = 0
  private var isClosed = false

  init(limits: RPCLimits) {
    self.limits = limits
  }

  // MARK: Opening

  /// Registers a call or a batch that is about to be sent.
  mutating func open(_ request: JSONRPCRequest, deadline: Instant) throws(RPCError) {
    try reserve(request)
    if request.isBatch {
      batches[request.id] = Batch(
        results: Array(repeating: nil, count: request.count), open: request.count, deadline: deadline)
      for id in request.id..<request.id + ID(request.count) { pending[id] = .member(of: request.id) }
    } else {
      pending[request.id] = .call(deadline: deadline)
    }
  }

  /// Registers a subscribe call that is about to be sent.
  mutating func open(
    subscription request: JSONRPCRequest, unsubscribe: String, itemDeadline: Duration?, deadline: Instant
  ) throws(RPCError) {
    guard subscriptions.entries.count < limits.subscriptions else {
      throw RPCError(.overloaded, "\(limits.subscriptions) subscriptions are open")
    }
    try reserve(request)
    pending[request.id] = .subscribe(deadline: deadline)
    subscriptions.add(request.id, unsubscribe: unsubscribe, itemDeadline: itemDeadline)
  }

  /// Registers an unsubscribe call that is about to be sent.
  mutating func open(ignoring request: JSONRPCRequest, deadline: Instant) throws(RPCError) {
    try reserve(request)
    pending[request.id] = .ignored(deadline: deadline)
  }

  private mutating func reserve(_ request: JSONRPCRequest) throws(RPCError) {
    guard !isClosed else { throw RPCError(.connectionLost, "the connection is closed") }
    guard pending.count + request.count <= limits.pendingRequests else {
      throw RPCError(.overloaded, "\(pending.count) requests wait for an answer")
    }
    if request.answerSize > limits.messageSize { largeAnswers.insert(request.id) }
    nextUnusedID = max(nextUnusedID, request.id + ID(request.count))
  }

  // MARK: What the transport asks

  /// The largest message acceptable now, in bytes.
  var messageSizeLimit: Int {
    largeAnswers.isEmpty ? limits.messageSize : max(limits.messageSize, limits.metadataMessageSize)
  }

  /// Whether a request still waits for its answer.
  func isOpen(_ id: ID) -> Bool {
    pending[id] != nil || batches[id] != nil
  }

  var pendingCount: Int { pending.count }
  var subscriptionCount: Int { subscriptions.entries.count }

  /// When ``expire(now:)`` has something to do, at the earliest.
  var nextDeadline: Instant? {
    var next: Instant?
    func consider(_ instant: Instant?) {
      if let instant { next = min(next ?? instant, instant) }
    }
    for request in pending.values {
      switch request {
      case .call(let deadline), .subscribe(let deadline), .abandoned(_, let deadline), .ignored(let deadline):
        consider(deadline)
      case .member: break
      }
    }
    for batch in batches.values { consider(batch.deadline) }
    for subscription in subscriptions.entries.values { consider(subscription.overdue) }
    return next
  }

  // MARK: Receiving

  /// Takes one message of the peer.
  mutating func receive(_ bytes: Span<UInt8>, now: Instant) -> [Action] {
    guard !isClosed else { return [] }
    guard bytes.count <= messageSizeLimit else {
      return close(Self.oversize(messageSizeLimit))
    }
    isOversize = bytes.count > limits.messageSize
    let value: JSONValue
    do {
      value = try JSONValue(parsing: bytes, limits: limits.json)
    } catch {
      return close(RPCError(.malformed, error.message))
    }
    var actions: [Action] = []
    partSize = bytes.count
    if case .array(let messages) = value {
      partSize /= max(messages.count, 1)
      var touched: Set<ID> = []
      for message in messages { receive(JSONRPCMessage(message), now, &actions, &touched) }
      for batch in touched.sorted() { completeShort(batch, &actions) }
      if messages.isEmpty { countUnsolicited(\.unintelligible) }
    } else {
      var touched: Set<ID> = []
      receive(JSONRPCMessage(value), now, &actions, &touched)
    }
    if unsolicitedInARow > Self.unsolicitedLimit {
      actions += close(RPCError(.malformed, "the endpoint keeps sending what nobody asked for"))
    }
    return actions
  }

  private mutating func receive(
    _ message: JSONRPCMessage, _ now: Instant, _ actions: inout [Action], _ touched: inout Set<ID>
  ) {
    switch message {
    case .response(let id?, let result): answer(id, result, now, &actions, &touched)
    case .response(nil, let result): answerUnnamed(result, &actions)
    case .notification(let serverID, let item): notify(serverID, (item, partSize), now, &actions)
    case .unintelligible: countUnsolicited(\.unintelligible)
    }
  }

  private mutating func answer(
    _ id: ID, _ result: Result<JSONValue, RPCError>, _ now: Instant, _ actions: inout [Action],
    _ touched: inout Set<ID>
  ) {
    guard let request = pending.removeValue(forKey: id) else {
      countUnsolicited(id < nextUnusedID ? \.late : \.unknown)
      return
    }
    unsolicitedInARow = 0
    switch request {
    case .call:
      let isTooLarge = isOversize && !largeAnswers.contains(id)
      largeAnswers.remove(id)
      actions.append(.answer(id, isTooLarge ? .failure(Self.oversize(limits.messageSize)) : result))
    case .member(let batch):
      touched.insert(batch)
      record(result, for: id, in: batch, &actions)
    case .subscribe: confirm(id, result, now, &actions)
    case .abandoned(let unsubscribe, _):
      if case .success(let serverID) = result {
        actions.append(.unsubscribe(method: unsubscribe, serverID))
      }
    case .ignored: break
    }
  }

  /// An error without an id belongs to the only batch, or else to the only call, if there is but one.
  private mutating func answerUnnamed(_ result: Result<JSONValue, RPCError>, _ actions: inout [Action]) {
    guard case .failure(let error) = result else { return }
    if let batch = batches.keys.first, batches.count == 1 {
      actions += finishBatch(batch, .failure(error))
    } else if let (id, request) = pending.first, pending.count == 1, case .call = request {
      pending[id] = nil
      largeAnswers.remove(id)
      actions.append(.answer(id, .failure(error)))
    } else {
      countUnsolicited(\.unknown)
    }
  }

  private mutating func countUnsolicited(_ kind: WritableKeyPath<Ignored, Int>) {
    ignored[keyPath: kind] += 1
    unsolicitedInARow += 1
  }

  // MARK: Batches

  private mutating func record(
    _ result: Result<JSONValue, RPCError>, for id: ID, in batch: ID, _ actions: inout [Action]
  ) {
    batches[batch]?.results[Int(id - batch)] = result
    batches[batch]?.open -= 1
    if batches[batch]?.open == 0 { completeShort(batch, &actions) }
  }

  /// The answer to a batch is one array: what is missing in it will not come.
  private mutating func completeShort(_ id: ID, _ actions: inout [Action]) {
    guard let batch = batches[id] else { return }
    let missing = RPCError(.malformed, "the answer to a batch lacks this call")
    actions += finishBatch(id, .success(batch.results.map { $0 ?? .failure(missing) }))
  }

  private mutating func finishBatch(_ id: ID, _ result: BatchResult) -> [Action] {
    guard let batch = batches.removeValue(forKey: id) else { return [] }
    for member in id..<id + ID(batch.results.count) { pending[member] = nil }
    largeAnswers.remove(id)
    return [.answerBatch(id, result)]
  }

  // MARK: Subscriptions

  private mutating func confirm(
    _ id: ID, _ result: Result<JSONValue, RPCError>, _ now: Instant, _ actions: inout [Action]
  ) {
    defer { ignored.items += subscriptions.dropUnclaimed() }
    switch result {
    case .failure(let error):
      subscriptions.remove(id)
      actions.append(.confirmSubscription(id, .failure(error)))
    case .success(let serverID):
      guard let items = subscriptions.confirm(id, serverID, now: now) else {
        let error = RPCError(.malformed, "the node gave a subscription no id, or one that is in use")
        actions.append(.confirmSubscription(id, .failure(error)))
        return
      }
      actions.append(.confirmSubscription(id, .success(())))
      for item in items { notify(serverID, item, now, &actions) }
    }
  }

  private mutating func notify(
    _ serverID: JSONValue, _ item: SubscriptionTable.Item, _ now: Instant, _ actions: inout [Action]
  ) {
    guard let id = subscriptions.receive(serverID, now: now) else {
      if !subscriptions.keep(serverID, item) { countUnsolicited(\.items) }
      return
    }
    unsolicitedInARow = 0
    switch item.value {
    case .success(let value): actions.append(.deliver(id, value, size: item.size))
    case .failure(let error):
      subscriptions.remove(id)
      actions.append(.endSubscription(id, error))
    }
  }

  // MARK: Ends

  /// The caller has lost interest in a call, a batch or a subscription. It gets no further action.
  mutating func cancel(_ id: ID, now: Instant) -> [Action] {
    largeAnswers.remove(id)
    if batches[id] != nil {
      _ = finishBatch(id, .success([]))
      return []
    }
    if let subscription = subscriptions.remove(id) {
      if let serverID = subscription.serverID {
        return [.unsubscribe(method: subscription.unsubscribe, serverID)]
      }
      pending[id] = .abandoned(
        unsubscribe: subscription.unsubscribe, deadline: now + Self.abandonedTimeout)
      ignored.items += subscriptions.dropUnclaimed()
      return []
    }
    if case .call = pending[id] { pending[id] = nil }
    return []
  }

  /// Fails what is overdue.
  mutating func expire(now: Instant) -> [Action] {
    var actions: [Action] = []
    let timeout = RPCError(.timeout, "no answer in time")
    for (id, request) in pending {
      switch request {
      case .call(let deadline) where deadline <= now:
        _ = cancel(id, now: now)
        actions.append(.answer(id, .failure(timeout)))
      case .subscribe(let deadline) where deadline <= now:
        _ = cancel(id, now: now)
        actions.append(.confirmSubscription(id, .failure(timeout)))
      case .abandoned(_, let deadline) where deadline <= now, .ignored(let deadline) where deadline <= now:
        pending[id] = nil
      default: break
      }
    }
    for (id, batch) in batches where batch.deadline <= now { actions += finishBatch(id, .failure(timeout)) }
    for (id, subscription) in subscriptions.entries {
      guard let overdue = subscription.overdue, overdue <= now else { continue }
      actions += cancel(id, now: now)
      actions.append(
        .endSubscription(id, RPCError(.subscriptionEnded, "no item came within the item deadline")))
    }
    return actions
  }

  /// The connection is gone, or is to go: answers everything that is open with `error`. Nothing can be
  /// opened afterwards.
  mutating func end(_ error: RPCError) -> [Action] {
    isClosed = true
    var actions: [Action] = []
    for (id, request) in pending {
      switch request {
      case .call: actions.append(.answer(id, .failure(error)))
      case .subscribe: actions.append(.confirmSubscription(id, .failure(error)))
      case .member, .abandoned, .ignored: break
      }
    }
    for id in batches.keys { actions.append(.answerBatch(id, .failure(error))) }
    let ended = RPCError(.subscriptionEnded, "the subscription's connection ended: \(error.message)")
    for (id, subscription) in subscriptions.entries where subscription.serverID != nil {
      actions.append(.endSubscription(id, ended))
    }
    (pending, batches, subscriptions, largeAnswers) = ([:], [:], SubscriptionTable(), [])
    return actions
  }

  private static func oversize(_ limit: Int) -> RPCError {
    RPCError(.frameTooLarge, "an answer is larger than the limit of \(limit) bytes")
  }

  private mutating func close(_ error: RPCError) -> [Action] {
    end(error) + [.close(error)]
  }
}
