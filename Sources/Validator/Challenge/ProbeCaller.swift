public import Protocols

/// Asks a hoster one probe: the seam between the challenge and the network.
public protocol ProbeCaller: Sendable {
  /// Calls a hoster and takes in its whole answer.
  ///
  /// - Parameters:
  ///   - peerID: the hoster's peer id, as the chain has it.
  ///   - deadline: when the call has to be over.
  /// - Throws: whatever ended the call, if ``ProbeReply`` does not tell it; `CancellationError`.
  func ask(
    _ peerID: String, _ probe: Tensor, maximumNewTokens: Int32, deadline: ContinuousClock.Instant
  ) async throws -> ProbeReply

  /// What a node says that it is; nil if it does not say.
  func role(of peerID: String, timeout: Duration) async -> NodeRole?
}

/// How a call to a hoster ended.
public struct ProbeReply: Sendable {
  /// The tensors of the answer, in order; empty if none came.
  public var tensors: [Tensor]
  /// How many tokens they hold, or numbers if they are no tokens.
  public var tokenCount: Int
  /// Time until the first came.
  public var firstMessage: Duration?
  public var total: Duration
  /// Why it is no whole answer; nil if it is.
  public var failure: ProbeFailure?

  public init(
    tensors: [Tensor] = [], tokenCount: Int = 0, firstMessage: Duration? = nil, total: Duration = .zero,
    failure: ProbeFailure? = nil
  ) {
    self.tensors = tensors
    self.tokenCount = tokenCount
    self.firstMessage = firstMessage
    self.total = total
    self.failure = failure
  }
}

/// Why a call brought no answer that can be compared.
public struct ProbeFailure: Sendable, Hashable {
  public let verdict: Verdict
  public let reason: VerdictReason
  /// Of the peer or of the network, for people.
  public let detail: String?

  public init(_ verdict: Verdict, _ reason: VerdictReason, _ detail: String? = nil) {
    self.verdict = verdict
    self.reason = reason
    self.detail = detail
  }

  /// Whether another try may end better. Who answered wrongly, or more than asked, has answered.
  public var isWorthRetrying: Bool {
    switch verdict {
    case .absent, .crashed, .refused, .inconclusive: true
    case .accepted, .rejected: false
    }
  }
}
