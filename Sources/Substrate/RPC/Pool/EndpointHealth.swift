/// What a pool knows about one endpoint.
struct EndpointHealth {
  typealias Instant = ContinuousClock.Instant

  enum Link: Equatable {
    /// No connection before this instant.
    case waiting(until: Instant)
    case connecting
    /// Connected, and on the right chain.
    case up
    /// On another chain: never used again.
    case quarantined
  }

  /// Weight of the newest sample in the moving average of latency.
  private static let latencyWeight = 0.2
  /// What one block of lag counts in the score, in seconds of latency.
  private static let lagCost = 0.5
  /// What one failure in a row counts in the score, in seconds of latency.
  private static let failureCost = 1.0

  var link: Link
  /// Why it is not up, or was last not.
  var reason: RPCError?
  var best: ChainHead?
  var finalized: ChainHead?
  /// When the best head last changed.
  var headChanged: Instant?
  /// Moving average of the time a call takes, in seconds.
  private(set) var latency: Double?
  /// Failures in a row, of calls or of connecting.
  private(set) var failures = 0
  /// Attempts to connect since it was last up, all failed.
  private(set) var failedAttempts = 0
  /// Not used for calls before this instant, because of errors or a rate limit.
  var avoidUntil: Instant?

  init(now: Instant) {
    link = .waiting(until: now)
  }

  var isUp: Bool { link == .up }

  func isUsable(now: Instant) -> Bool {
    isUp && (avoidUntil ?? now) <= now
  }

  mutating func succeeded(in time: Duration) {
    let sample = time / .seconds(1)
    latency = latency.map { $0 + Self.latencyWeight * (sample - $0) } ?? sample
    failures = 0
  }

  mutating func failed(_ error: RPCError) {
    failures += 1
    reason = error
  }

  mutating func wentDown(_ error: RPCError) {
    failed(error)
    if !isUp { failedAttempts += 1 }
  }

  /// Connected and verified.
  mutating func wentUp() {
    link = .up
    (avoidUntil, failedAttempts) = (nil, 0)
  }

  /// A new connection begins: heads of the connection before are no longer vouched for.
  mutating func connecting() {
    link = .connecting
    (best, finalized, headChanged) = (nil, nil, nil)
  }

  /// The lower the better.
  func score(lag: UInt64) -> Double {
    (latency ?? 0) + Self.lagCost * Double(lag) + Self.failureCost * Double(failures)
  }
}
