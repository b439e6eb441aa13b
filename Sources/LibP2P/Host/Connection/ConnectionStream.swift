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

  let core: StreamCore
  private(set) var negotiation: Negotiation?
  var negotiationTimer: Scheduled<Void>?
  /// The task's deadline, or that of the lingering end.
  var timer: Scheduled<Void>?

  init(core: StreamCore, negotiation: Negotiation) {
    self.core = core
    self.negotiation = negotiation
  }

  mutating func goOn(_ negotiation: Negotiation) { self.negotiation = negotiation }

  mutating func endNegotiation() {
    negotiation = nil
    negotiationTimer?.cancel()
  }

  func cancelTimers() {
    negotiationTimer?.cancel()
    timer?.cancel()
  }

  /// Ends the stream for whoever waits for it.
  func fail(_ error: any LibP2PError) {
    cancelTimers()
    if case .dialing(_, let request)? = negotiation { request.fail(error) }
    core.fail(error)
    core.release()
  }
}
