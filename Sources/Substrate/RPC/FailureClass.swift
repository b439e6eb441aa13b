/// What a failure asks of the one who got it.
public enum FailureClass: String, Sendable, Hashable {
  /// Try again, here or elsewhere.
  case transient
  /// Use another endpoint.
  case endpoint
  /// Leave this endpoint alone for a while.
  case rate
  /// The request was made from an outdated view (nonce, era, block): read again, then decide.
  case staleView
  /// Repeating can't help: stop and explain.
  case permanent
}

extension RPCError {
  public var failureClass: FailureClass {
    switch kind {
    case .timeout, .connectionLost, .overloaded, .subscriptionEnded, .subscriptionOverflow: .transient
    case .unreachable, .malformed, .wrongChain, .finalityConflict, .frameTooLarge: .endpoint
    case .rateLimited: .rate
    case .staleView: .staleView
    case .unsupported, .cancelled: .permanent
    case .server: server?.failureClass ?? .permanent
    }
  }
}
