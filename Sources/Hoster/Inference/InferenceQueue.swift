/// Which requests wait and which are computed: ``PeerTurns`` says who is next, ``InferenceLimits`` how many are computed
/// at a time, and of how many tokens. So requests of different peers that each have one are served first come, first
/// served (P-84).
///
/// A request that would exceed the tokens waits until others have ended, and nothing overtakes it, so that a stream of
/// small ones can't keep a large one out. One that is larger than all that may be computed at a time is computed alone.
///
/// A value without tasks or time. What waits and what runs is bounded.
struct InferenceQueue: Sendable {
  /// A request, as long as it waits or runs.
  struct RequestID: Hashable, Sendable {
    fileprivate let number: UInt64
  }

  private struct Place {
    let peer: String
    let priority: UInt8
    let tokens: Int
    var isRunning = false
  }

  private struct Share {
    var waiting = 0
    var running = 0
    var runningTokens = 0
  }

  private let limits: InferenceLimits
  private var turns = PeerTurns<RequestID>()
  private var places: [RequestID: Place] = [:]
  private var shares: [String: Share] = [:]
  private var lastNumber: UInt64 = 0
  /// Requests that are being computed.
  private(set) var running = 0
  /// The tokens of their sequences.
  private(set) var runningTokens = 0

  init(limits: InferenceLimits) { self.limits = limits }

  /// Requests that wait.
  var waiting: Int { places.count - running }

  /// Takes a request in.
  ///
  /// - Parameter tokens: those of its sequence, prompt and answer.
  /// - Throws: ``InferenceError``: `inference.queue-full`, `inference.peer-queue-full`.
  mutating func submit(peer: String, priority: UInt8, tokens: Int = 1) throws(InferenceError) -> RequestID {
    guard shares[peer, default: Share()].waiting < limits.waitingPerPeer else {
      throw InferenceError(.peerQueueFull, "\(limits.waitingPerPeer) requests of this peer wait already")
    }
    guard turns.count(at: priority) < limits.waiting else {
      throw InferenceError(.queueFull, "\(limits.waiting) requests of priority \(priority) wait already")
    }
    lastNumber += 1
    let id = RequestID(number: lastNumber)
    turns.append(id, of: peer, at: priority)
    places[id] = Place(peer: peer, priority: priority, tokens: min(tokens, limits.runningTokens))
    shares[peer, default: Share()].waiting += 1
    return id
  }

  /// The request to begin with now; nil if none waits or none may be added to those that run.
  mutating func admit() -> RequestID? {
    guard running < limits.running else { return nil }
    var turns = PeerTurns<RequestID>()
    swap(&turns, &self.turns)
    defer { self.turns = turns }
    var isFull = false
    let next = turns.popFirst { peer, id in
      guard !isFull, let place = places[id] else { return false }
      let share = shares[peer, default: Share()]
      guard share.running < limits.runningPerPeer else { return false }
      guard share.running == 0 || share.runningTokens + place.tokens <= limits.runningTokensPerPeer else {
        return false
      }
      isFull = runningTokens + place.tokens > limits.runningTokens
      return !isFull
    }
    guard let id = next, let place = places[id] else { return nil }
    places[id]?.isRunning = true
    shares[place.peer, default: Share()].waiting -= 1
    shares[place.peer, default: Share()].running += 1
    shares[place.peer, default: Share()].runningTokens += place.tokens
    running += 1
    runningTokens += place.tokens
    return id
  }

  /// Gives up a request that waits.
  ///
  /// - Returns: false if it does not wait, and nothing has changed.
  mutating func withdraw(_ id: RequestID) -> Bool {
    guard let place = places[id], !place.isRunning else { return false }
    turns.removeAll(of: place.peer, at: place.priority) { $0 == id }
    places[id] = nil
    shares[place.peer, default: Share()].waiting -= 1
    forgetIfIdle(place.peer)
    return true
  }

  /// Says that a request that ran has ended, however it did.
  mutating func finish(_ id: RequestID) {
    guard let place = places[id], place.isRunning else { return }
    places[id] = nil
    running -= 1
    runningTokens -= place.tokens
    shares[place.peer, default: Share()].running -= 1
    shares[place.peer, default: Share()].runningTokens -= place.tokens
    forgetIfIdle(place.peer)
  }

  private mutating func forgetIfIdle(_ peer: String) {
    if let share = shares[peer], share.waiting == 0, share.running == 0 { shares[peer] = nil }
  }
}
