/// The unary calls of one persistent connection, as a value: those that this side made and waits for, and those that
/// it serves.
struct CallLedger {
  typealias Waiter = CheckedContinuation<UnaryAnswer, any Error>

  private struct Served {
    var bytes: Int
    var task: Task<Void, Never>?
    var isCancelled = false
  }

  /// Calls in either direction.
  let maximumCalls: Int
  /// Bytes of the requests of the calls that are served.
  let maximumBytes: Int
  private var waiting: [CallID: Waiter] = [:]
  private var served: [CallID: Served] = [:]
  private var servedBytes = 0
  private(set) var ending: ControlError?

  /// - Parameters:
  ///   - maximumCalls: calls in either direction.
  ///   - maximumBytes: bytes of the requests of the calls that are served.
  init(maximumCalls: Int, maximumBytes: Int) {
    self.maximumCalls = maximumCalls
    self.maximumBytes = maximumBytes
  }

  /// Calls under way, in both directions.
  var count: Int { waiting.count + served.count }

  // MARK: Calls of this side

  /// Whether a call can be made.
  ///
  /// - Throws: ``ControlError`` `control.busy`, or why the connection ended.
  func checkRoom() throws(ControlError) {
    if let ending { throw ending }
    guard waiting.count < maximumCalls else {
      throw ControlError(.busy, "\(maximumCalls) calls are under way on this connection")
    }
  }

  /// Enters a call.
  ///
  /// - Throws: as ``checkRoom()``; the waiter is the caller's to end then.
  mutating func wait(_ id: CallID, _ waiter: Waiter) throws(ControlError) {
    try checkRoom()
    guard waiting[id] == nil else { throw ControlError(.malformed, "a call has the id of another one") }
    waiting[id] = waiter
  }

  /// Takes out whoever waits for the answer to a call; nil for an answer to nothing.
  mutating func settle(_ id: CallID) -> Waiter? { waiting.removeValue(forKey: id) }

  // MARK: Calls of the other side

  /// Enters a call that is to be served.
  ///
  /// - Throws: ``ControlError`` `control.busy`, `control.malformed` for an id in use, or why the connection ended.
  mutating func begin(_ id: CallID, bytes: Int) throws(ControlError) {
    if let ending { throw ending }
    guard served[id] == nil else { throw ControlError(.malformed, "a call has the id of another one") }
    guard served.count < maximumCalls, servedBytes + bytes <= maximumBytes else {
      throw ControlError(.busy, "\(served.count) calls with \(servedBytes) bytes are under way on this connection")
    }
    served[id] = Served(bytes: bytes)
    servedBytes += bytes
  }

  /// Names the task of a call; true if it is to be cancelled at once.
  mutating func attach(_ task: Task<Void, Never>, to id: CallID) -> Bool {
    guard let call = served[id] else { return false }
    served[id]?.task = task
    return call.isCancelled || ending != nil
  }

  /// Takes a served call out.
  mutating func end(_ id: CallID) { servedBytes -= served.removeValue(forKey: id)?.bytes ?? 0 }

  /// The task of a served call that is cancelled by its caller; nil if there is none, or not yet.
  mutating func cancel(_ id: CallID) -> Task<Void, Never>? {
    served[id]?.isCancelled = true
    return served[id]?.task
  }

  // MARK: End

  /// Ends the connection's calls: who waits is told, who serves is cancelled.
  mutating func close(_ error: ControlError) -> (waiters: [Waiter], tasks: [Task<Void, Never>]) {
    if ending == nil { ending = error }
    defer { waiting = [:] }
    return (Array(waiting.values), served.values.compactMap(\.task))
  }
}
