import DequeModule

/// Who is computed next: lower priority numbers first; at one priority the peers take turns, and each peer's requests
/// come in the order in which it sent them (P-84). So requests of different peers that each have one are served first
/// come, first served, and a peer with many delays another by one request at most.
///
/// A value without tasks or time. What waits and what runs is bounded by ``InferenceLimits``.
struct InferenceQueue: Sendable {
  /// A request, as long as it waits or runs.
  struct RequestID: Hashable, Sendable {
    fileprivate let number: UInt64
  }

  /// The waiting requests of one priority.
  private struct Lane {
    /// Peers with waiting requests; whose turn is next comes first.
    var turns = Deque<String>()
    var requests: [String: Deque<RequestID>] = [:]
    var count = 0
  }

  private struct Place {
    let peer: String
    let priority: UInt8
    var isRunning = false
  }

  private struct Share {
    var waiting = 0
    var running = 0
  }

  private let limits: InferenceLimits
  private var lanes: [UInt8: Lane] = [:]
  private var places: [RequestID: Place] = [:]
  private var shares: [String: Share] = [:]
  private var lastNumber: UInt64 = 0
  /// Requests that are being computed.
  private(set) var running = 0

  init(limits: InferenceLimits) { self.limits = limits }

  /// Requests that wait.
  var waiting: Int { places.count - running }

  /// Takes a request in.
  ///
  /// - Throws: ``InferenceError``: `inference.queue-full`, `inference.peer-queue-full`.
  mutating func submit(peer: String, priority: UInt8) throws(InferenceError) -> RequestID {
    guard shares[peer, default: Share()].waiting < limits.waitingPerPeer else {
      throw InferenceError(.peerQueueFull, "\(limits.waitingPerPeer) requests of this peer wait already")
    }
    var lane = lanes[priority] ?? Lane()
    guard lane.count < limits.waiting else {
      throw InferenceError(.queueFull, "\(limits.waiting) requests of priority \(priority) wait already")
    }
    lastNumber += 1
    let id = RequestID(number: lastNumber)
    if lane.requests[peer] == nil { lane.turns.append(peer) }
    lane.requests[peer, default: []].append(id)
    lane.count += 1
    lanes[priority] = lane
    places[id] = Place(peer: peer, priority: priority)
    shares[peer, default: Share()].waiting += 1
    return id
  }

  /// The request to begin with now; nil if none waits or none may be added to those that run.
  mutating func admit() -> RequestID? {
    guard running < limits.running else { return nil }
    for priority in lanes.keys.sorted() {
      let peer = lanes[priority]?.turns.first { shares[$0, default: Share()].running < limits.runningPerPeer }
      guard let peer, let id = lanes[priority]?.requests[peer]?.first else { continue }
      remove(id, of: peer, priority, endsTurn: true)
      places[id]?.isRunning = true
      shares[peer, default: Share()].running += 1
      running += 1
      return id
    }
    return nil
  }

  /// Gives up a request that waits.
  ///
  /// - Returns: false if it does not wait, and nothing has changed.
  mutating func withdraw(_ id: RequestID) -> Bool {
    guard let place = places[id], !place.isRunning else { return false }
    remove(id, of: place.peer, place.priority, endsTurn: false)
    places[id] = nil
    forgetIfIdle(place.peer)
    return true
  }

  /// Says that a request that ran has ended, however it did.
  mutating func finish(_ id: RequestID) {
    guard let place = places[id], place.isRunning else { return }
    places[id] = nil
    running -= 1
    shares[place.peer, default: Share()].running -= 1
    forgetIfIdle(place.peer)
  }

  private mutating func remove(_ id: RequestID, of peer: String, _ priority: UInt8, endsTurn: Bool) {
    guard var lane = lanes[priority], var requests = lane.requests[peer] else { return }
    lanes[priority] = nil
    requests.removeAll { $0 == id }
    if endsTurn || requests.isEmpty { lane.turns.removeAll { $0 == peer } }
    if endsTurn, !requests.isEmpty { lane.turns.append(peer) }
    lane.requests[peer] = requests.isEmpty ? nil : requests
    lane.count -= 1
    if lane.count > 0 { lanes[priority] = lane }
    shares[peer, default: Share()].waiting -= 1
  }

  private mutating func forgetIfIdle(_ peer: String) {
    if let share = shares[peer], share.waiting == 0, share.running == 0 { shares[peer] = nil }
  }
}
