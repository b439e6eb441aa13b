import NIOCore

/// A stream as its connection's event loop holds it: the part shared with the task, and the negotiation that
/// comes before.
struct ConnectionStream {
  enum Negotiation {
    /// The peer proposes.
    case listening(NegotiationListener)
    /// We propose, and hand the stream out when the peer agreed.
    case dialing(NegotiationDialer, OutboundStreamRequest)
    /// We assumed that the peer agrees and handed the stream out.
    case assuming(NegotiationDialer)
  }

  /// What happens at a time.
  enum Alarm {
    /// The peer has not negotiated.
    case negotiation
    /// The time that the stream's task gave it is over.
    case deadline
    /// Whether the lingering end still moves is looked at.
    ///
    /// - Parameter queued: bytes that were not sent when it was looked at last.
    case linger(queued: Int)
  }

  let core: StreamCore
  private(set) var negotiation: Negotiation?
  /// When the peer has to have negotiated; nil once it has.
  private(set) var negotiationEnd: NIODeadline?
  /// The task's deadline, or that of the lingering end.
  var end: (time: NIODeadline, alarm: Alarm)?

  init(core: StreamCore, negotiation: Negotiation, until negotiationEnd: NIODeadline) {
    self.core = core
    self.negotiation = negotiation
    self.negotiationEnd = negotiationEnd
  }

  /// When something is to happen next.
  var nextAlarm: NIODeadline? {
    guard let negotiationEnd, let end else { return negotiationEnd ?? end?.time }
    return min(negotiationEnd, end.time)
  }

  /// What happens now, if anything does.
  func alarm(now: NIODeadline) -> Alarm? {
    if let negotiationEnd, negotiationEnd <= now { return .negotiation }
    return end.flatMap { $0.time <= now ? $0.alarm : nil }
  }

  mutating func goOn(_ negotiation: Negotiation) { self.negotiation = negotiation }

  mutating func endNegotiation() {
    negotiation = nil
    negotiationEnd = nil
  }

  /// Ends the stream for whoever waits for it.
  func fail(_ error: any LibP2PError) {
    if case .dialing(_, let request)? = negotiation { request.fail(error) }
    core.fail(error)
    core.release()
  }
}
