import LibP2P
import Protocols

extension ProbeFailure {
  /// What an error of a call says about the hoster.
  ///
  /// - Parameter hasBegun: whether a part of the answer had come.
  init(_ error: any Error, hasBegun: Bool) {
    switch error {
    case let error as Refusal: self.init(error)
    case let error as CallError: self.init(error, hasBegun: hasBegun)
    case let error as StreamError:
      switch error.kind {
      case .deadline: self.init(.absent, .deadline, error.message)
      case .concurrentUse, .closed: self.init(.inconclusive, .ownFault, error.message)
      case .reset, .connectionLost, .truncated: self.init(.crashed, .ended, error.message)
      }
    case let error as HostError:
      switch error.kind {
      case .stopped, .closed, .ownself, .listen: self.init(.inconclusive, .ownFault, error.message)
      case .connectionLost where hasBegun: self.init(.crashed, .ended, error.message)
      case .connectionLost, .noAddress, .unresolved, .unreachable, .connectionRefused, .timeout, .refused, .backoff:
        self.init(.absent, .unreachable, error.message)
      }
    case let error as NegotiationError where error.kind == .unsupported:
      self.init(.refused, .denied, error.message)
    case let error as TensorError: self.init(.crashed, .malformed, error.message)
    case let error as ResourceLimitError: self.init(.inconclusive, .ownFault, error.message)
    case is CancellationError: self.init(.inconclusive, .ownFault, "the call was taken back")
    case let error as any LibP2PError:
      // Handshakes, muxers and look-ups: before anything came the peer was not to be had.
      if hasBegun {
        self.init(.crashed, .ended, error.message)
      } else {
        self.init(.absent, .unreachable, error.message)
      }
    default: self.init(.inconclusive, .ownFault, "\(type(of: error))")
    }
  }

  private init(_ refusal: Refusal) {
    switch refusal.kind {
    case .notStaked: self.init(.absent, .unreachable, refusal.message)
    // Whether it may be called is for the chain to say, which did not.
    case .stakeUnknown, .tooOften: self.init(.inconclusive, .ownFault, refusal.message)
    case .unsigned, .signature, .key, .signer, .audience, .clock, .expired, .replay, .nonce:
      self.init(.rejected, .signature, refusal.message)
    }
  }

  private init(_ error: CallError, hasBegun: Bool) {
    switch error.kind {
    case .remote: self.init(.refused, .error, error.message)
    case .noAnswer: self.init(.refused, .denied, error.message)
    case .truncated: self.init(.crashed, .ended, error.message)
    case .malformed, .undecodable: self.init(.crashed, .malformed, error.message)
    case .tooLong: self.init(.rejected, .excess, error.message)
    case .timeout: self.init(.absent, .deadline, error.message)
    case .request: self.init(.inconclusive, .ownFault, error.message)
    }
  }
}
