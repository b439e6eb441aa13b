import NIOCore

/// When to send a PING, what its answer tells, and when silence means that the peer is gone.
struct YamuxKeepalive {
  private let limits: YamuxLimits
  private var ping: (value: UInt32, sent: NIODeadline)?
  private var next: (value: UInt32, due: NIODeadline)
  private var lastReceived: NIODeadline
  /// The latest measured round trip; the first PING goes out at once to have one early.
  private(set) var roundTrip: TimeAmount?

  init(limits: YamuxLimits, now: NIODeadline) {
    self.limits = limits
    next = (0, now)
    lastReceived = now
  }

  /// Any bytes prove that the peer lives, though not for ever that it answers.
  mutating func heard(now: NIODeadline) { lastReceived = now }

  /// Takes an answer; nil if nobody asked.
  mutating func answered(_ value: UInt32, now: NIODeadline) -> TimeAmount? {
    guard let asked = ping, asked.value == value else { return nil }
    ping = nil
    roundTrip = now - asked.sent
    return roundTrip
  }

  /// When ``timerFired(now:)`` wants to be called.
  var deadline: NIODeadline { expiry ?? next.due }

  private var expiry: NIODeadline? {
    ping.map {
      min(max($0.sent, lastReceived) + limits.keepaliveTimeout, $0.sent + limits.pongTimeout)
    }
  }

  /// The value of a PING to send now, if one is due.
  ///
  /// - Throws: ``YamuxError`` `yamux.keepalive` when the last one stayed unanswered for too long.
  mutating func timerFired(now: NIODeadline) throws(YamuxError) -> UInt32? {
    if let expiry {
      guard now < expiry else { throw YamuxError(.keepalive, "a PING stayed unanswered") }
      return nil
    }
    guard next.due <= now else { return nil }
    ping = (next.value, now)
    defer { next = (next.value &+ 1, now + limits.keepaliveInterval) }
    return next.value
  }
}
