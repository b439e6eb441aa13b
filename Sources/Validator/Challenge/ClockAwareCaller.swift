import Protocols

/// Asks hosters, and takes refusals on itself while this machine's clock is wrong: peers refuse what it signs then, so
/// they tell nothing about the hosters.
struct ClockAwareCaller: ProbeCaller {
  let caller: any ProbeCaller
  let clock: ClockWatch
  /// Is told of every look at the clock.
  let note: @Sendable (Double) -> Void

  func ask(
    _ peerID: String, _ probe: Tensor, maximumNewTokens: Int32, deadline: ContinuousClock.Instant
  ) async throws -> ProbeReply {
    // Before and after: somebody may set the clock during the call.
    let before = clock.read()
    var reply = try await caller.ask(peerID, probe, maximumNewTokens: maximumNewTokens, deadline: deadline)
    guard let failure = reply.failure, failure.reason.mayBeOfClocks else { return reply }
    let offsets = await clock.offsets([before, clock.read()], until: deadline)
    if let now = offsets?.last { note(now) }
    guard let worst = offsets?.max(by: { abs($0) < abs($1) }), ClockWatch.Grade(worst) == .wrong else { return reply }
    reply.failure = ProbeFailure(
      .inconclusive, .ownFault, "\(EpochError.clock(worst).message); \(failure.detail ?? failure.reason.rawValue)")
    return reply
  }

  func role(of peerID: String, timeout: Duration) async -> NodeRole? {
    await caller.role(of: peerID, timeout: timeout)
  }
}

extension VerdictReason {
  /// Whether peers whose clocks differ part like this: one refuses the other's message, whoever is right.
  fileprivate var mayBeOfClocks: Bool {
    switch self {
    case .denied, .error, .signature, .ended: true
    default: false
    }
  }
}
