/// Decides when to ping and when a silent peer counts as gone. Any byte from the peer is a sign of life,
/// so that a large answer on a slow line is not taken for death.
struct HeartbeatStateMachine {
  typealias Instant = ContinuousClock.Instant

  enum Action: Equatable {
    case wait
    case ping
    case giveUp
  }

  private let pingInterval: Duration
  private let pongTimeout: Duration
  private var lastHeard: Instant
  private var pinged: Instant?

  init(limits: RPCLimits, now: Instant) {
    pingInterval = limits.pingInterval
    pongTimeout = limits.pongTimeout
    lastHeard = now
  }

  /// Notes a sign of life. True when a ping was open, so that ``next`` is earlier now.
  mutating func heard(now: Instant) -> Bool {
    defer { (lastHeard, pinged) = (now, nil) }
    return pinged != nil
  }

  /// When ``tick(now:)`` has something to do.
  var next: Instant { pinged.map { $0 + pongTimeout } ?? lastHeard + pingInterval }

  mutating func tick(now: Instant) -> Action {
    guard now >= next else { return .wait }
    if pinged != nil { return .giveUp }
    pinged = now
    return .ping
  }
}
