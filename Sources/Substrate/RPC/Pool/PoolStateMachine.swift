/// Decides which endpoint of a pool is used for what, from what is known about each.
///
/// A value without I/O, clock or randomness of its own.
struct PoolStateMachine {
  typealias Instant = ContinuousClock.Instant

  /// The block that an endpoint must have for a read.
  enum Floor: Equatable {
    /// It has finalized at least what the pool has shown as finalized.
    case finalized
    /// Its best chain has this height.
    case best(UInt64)
  }

  enum Choice: Equatable {
    case use(Int)
    /// Nothing now; look again after a change, or at this instant.
    case wait(until: Instant?, RPCError)
    /// Waiting can't help.
    case fail(RPCError)
  }

  /// Rounds of failed connecting, on every endpoint, after which a call need not wait for the next.
  static let hopelessAttempts = 3

  let options: EndpointPoolOptions
  let names: [String]
  private(set) var endpoints: [EndpointHealth]
  private(set) var genesisHash: String?
  private(set) var best: ChainHead?
  private(set) var finalized: ChainHead?
  private var bestSource: Int?
  private var wasServing = false
  private var isInterrupted = false

  init(names: [String], options: EndpointPoolOptions, now: Instant) {
    self.names = names
    self.options = options
    endpoints = names.map { _ in EndpointHealth(now: now) }
    genesisHash = options.genesisHash?.lowercased()
  }

  // MARK: Connecting

  /// When an endpoint that is down may be connected to; nil when never again.
  func nextAttempt(_ index: Int) -> Instant? {
    if case .waiting(let until) = endpoints[index].link { until } else { nil }
  }

  mutating func connecting(_ index: Int) {
    endpoints[index].connecting()
  }

  /// Compares the endpoint's block 0 with the pinned one, or pins it.
  mutating func verify(_ index: Int, genesis: String) throws(RPCError) {
    guard let bytes = HexText.decode(genesis), bytes.count == 32 else {
      throw RPCError(.malformed, "the genesis hash is not a hash", endpoint: names[index])
    }
    let hash = HexText.encode(bytes)
    guard let genesisHash else {
      genesisHash = hash
      return
    }
    guard genesisHash == hash else {
      throw RPCError(
        .wrongChain, "the genesis block is \(hash), wanted \(genesisHash)", endpoint: names[index])
    }
  }

  /// The endpoint is verified and its heads are known: calls may use it.
  mutating func up(_ index: Int, now: Instant) -> [HeadEvent] {
    endpoints[index].wentUp()
    let events: [HeadEvent] = isInterrupted ? [.resumed] : []
    (wasServing, isInterrupted) = (true, false)
    return events + shown()
  }

  /// The endpoint could not be connected to, or its connection ended.
  mutating func down(
    _ index: Int, _ error: RPCError, now: Instant, using generator: inout some RandomNumberGenerator
  ) -> [HeadEvent] {
    guard endpoints[index].link != .quarantined else { return [] }
    endpoints[index].wentDown(error)
    endpoints[index].link =
      error.kind == .wrongChain ? .quarantined : .waiting(until: now + pause(index, error, using: &generator))
    guard wasServing, !isInterrupted, !endpoints.contains(where: \.isUp) else { return shown() }
    isInterrupted = true
    return [.interrupted(error)]
  }

  private func pause(
    _ index: Int, _ error: RPCError, using generator: inout some RandomNumberGenerator
  ) -> Duration {
    let pause = options.backOff.pause(failures: endpoints[index].failures, using: &generator)
    return max(pause, min(error.retryAfter ?? .zero, options.retryAfterLimit))
  }

  // MARK: Calls

  /// A call was answered; an error of the node about the request is an answer too.
  mutating func succeeded(_ index: Int, in time: Duration) {
    endpoints[index].succeeded(in: time)
  }

  /// A call failed. True when the endpoint's connection should be given up.
  mutating func failed(
    _ index: Int, _ error: RPCError, now: Instant, using generator: inout some RandomNumberGenerator
  ) -> Bool {
    switch error.failureClass {
    case .permanent, .staleView: return false
    case .rate, .endpoint, .transient:
      endpoints[index].failed(error)
      endpoints[index].avoidUntil = now + pause(index, error, using: &generator)
      return error.failureClass != .rate && endpoints[index].failures >= options.failureLimit
    }
  }

  /// The endpoint for a read.
  ///
  /// - Parameter tried: those that already failed at it; used again when there is no other.
  func choose(_ floor: Floor, tried: Set<Int> = [], now: Instant) -> Choice {
    let up = endpoints.indices.filter { endpoints[$0].isUp && !isOutlier($0) }
    let fit = up.filter { meets(floor, $0) }
    let usable = fit.filter { endpoints[$0].isUsable(now: now) && !tried.contains($0) }
    let current = usable.filter { lag($0) <= options.lagLimit }
    let pick = (current.isEmpty ? usable : current).min {
      (endpoints[$0].score(lag: lag($0)), $0) < (endpoints[$1].score(lag: lag($1)), $1)
    }
    if let pick { return .use(pick) }
    if up.isEmpty { return withoutEndpoint }
    if fit.isEmpty { return .wait(until: nil, stale(floor)) }
    let soonest = fit.compactMap { endpoints[$0].avoidUntil }.filter { $0 > now }.min()
    let reason = fit.compactMap { endpoints[$0].reason }.first
    return .wait(until: soonest, reason ?? RPCError(.unreachable, "no endpoint is usable"))
  }

  /// Whether an endpoint that fits has not been tried yet, if only because it is to be left alone now.
  func hasUntried(_ floor: Floor, tried: Set<Int>) -> Bool {
    endpoints.indices.contains { endpoints[$0].isUp && meets(floor, $0) && !tried.contains($0) }
  }

  /// Every endpoint that is up, for submissions: one that lags still passes a transaction on.
  var connected: [Int] { endpoints.indices.filter { endpoints[$0].isUp } }

  private var withoutEndpoint: Choice {
    let reason = endpoints.compactMap(\.reason).last
    if endpoints.allSatisfy({ $0.link == .quarantined }) {
      return .fail(reason ?? RPCError(.unreachable, "the pool has no endpoints"))
    }
    let isHopeless = endpoints.allSatisfy {
      $0.link == .quarantined || $0.failedAttempts >= Self.hopelessAttempts
    }
    let error = reason ?? RPCError(.unreachable, "no endpoint is connected yet")
    return isHopeless ? .fail(error) : .wait(until: nil, error)
  }

  private func meets(_ floor: Floor, _ index: Int) -> Bool {
    switch floor {
    case .finalized:
      guard let finalized else { return true }
      return (endpoints[index].finalized?.number ?? 0) >= finalized.number
    case .best(let height): return (endpoints[index].best?.number ?? 0) >= height
    }
  }

  private func stale(_ floor: Floor) -> RPCError {
    switch floor {
    case .finalized: RPCError(.staleView, "no endpoint has finalized block \(finalized?.number ?? 0)")
    case .best(let height): RPCError(.staleView, "no endpoint has block \(height)")
    }
  }

  // MARK: Heads

  /// The endpoint's best chain has a new head.
  mutating func sawBest(_ index: Int, _ head: ChainHead, now: Instant) -> [HeadEvent] {
    if endpoints[index].best != head { endpoints[index].headChanged = now }
    endpoints[index].best = head
    return shown()
  }

  /// The endpoint has finalized a block.
  ///
  /// - Throws: ``RPCError/Code/finalityConflict`` when it finalized another block of the same number than the
  ///   pool has shown.
  mutating func sawFinalized(_ index: Int, _ head: ChainHead) throws(RPCError) -> [HeadEvent] {
    if let finalized, finalized.number == head.number, finalized.hash != head.hash {
      throw RPCError(
        .finalityConflict,
        "block \(head.number) was finalized as \(finalized.hash), and here as \(head.hash)",
        endpoint: names[index])
    }
    endpoints[index].finalized = head
    return shown()
  }

  /// Whether an HTTP endpoint still moves.
  func isStalled(_ index: Int, now: Instant) -> Bool {
    endpoints[index].headChanged.map { now - $0 > options.headDeadline } ?? false
  }

  /// Blocks behind the best head believed.
  func lag(_ index: Int) -> UInt64 {
    let own = endpoints[index].best?.number ?? 0
    let top =
      endpoints.indices.filter { endpoints[$0].isUp && !isOutlier($0) }
      .compactMap { endpoints[$0].best?.number }.max() ?? own
    return top - min(top, own)
  }

  /// Whether the endpoint claims a head far above two others that agree with each other. Believed, one
  /// endpoint that lies about its height would make all others look outdated.
  func isOutlier(_ index: Int) -> Bool {
    let claim = endpoints[index].best?.number ?? 0
    let others = endpoints.indices.filter { $0 != index && endpoints[$0].isUp }
      .compactMap { endpoints[$0].best?.number }.sorted(by: >)
    guard others.count >= 2, claim > others[0], claim - others[0] > options.outlierLead else { return false }
    return others[0] - others[1] <= options.outlierLead
  }

  /// Brings what is shown up to date and returns what changed.
  private mutating func shown() -> [HeadEvent] {
    var events: [HeadEvent] = []
    let believed = endpoints.indices.filter { endpoints[$0].isUp && !isOutlier($0) }
    let newest = believed.compactMap { endpoints[$0].finalized }.max { $0.number < $1.number }
    if let newest, newest.number > finalized?.number ?? 0 || finalized == nil {
      finalized = newest
      events.append(.finalized(newest))
    }
    let top = believed.max { height($0) < height($1) }
    guard let top, let head = endpoints[top].best else { return events }
    // Among equals stay with the one shown before, lest heads of two forks alternate.
    let source = bestSource.flatMap { believed.contains($0) && height($0) == head.number ? $0 : nil } ?? top
    bestSource = source
    if let head = endpoints[source].best, head != best {
      best = head
      events.append(.best(head))
    }
    return events
  }

  private func height(_ index: Int) -> UInt64 { endpoints[index].best?.number ?? 0 }
}
