import LibP2P
import Protocols

/// Errors of the network as the program reports them: the same code and words, and an exit code.
enum P2PFailure {
  /// Runs `body`; its errors come out as ``CommandError``.
  static func translate<Value>(_ body: () async throws -> Value) async throws -> Value {
    do {
      return try await body()
    } catch let error as any LibP2PError {
      throw CommandError(error.code, error.message, remedy: error.remedy, status: status(of: error))
    }
  }

  static func status(of error: any LibP2PError) -> Failure.Status {
    switch error {
    case let error as HostError: status(of: error.kind)
    case let error as PeerKeyFileError: error.kind == .permissions ? .notPermitted : .failed
    case is StreamError, is YamuxError: .unavailable
    case is ResourceLimitError: .tryLater
    case is MultiaddrError, is PeerIDError: .usage
    case let error as KademliaError: error.kind == .notFound ? .failed : .wrongPeer
    case is NoiseError, is NegotiationError, is IdentifyError, is PingError: .wrongPeer
    case let error as CallError: status(of: error.kind)
    case let error as ControlError: status(of: error.kind)
    case let error as Refusal: status(of: error.kind)
    case let error as ApiError: status(of: error.kind)
    case let error as RoutesFileError: error.kind == .unreadable ? .unavailable : .configuration
    default: .failed
    }
  }

  private static func status(of kind: CallError.Code) -> Failure.Status {
    switch kind {
    case .request: .usage
    case .noAnswer, .timeout, .truncated: .unavailable
    case .malformed, .undecodable: .wrongPeer
    case .remote, .tooLong: .failed
    }
  }

  private static func status(of kind: ControlError.Code) -> Failure.Status {
    switch kind {
    case .inUse, .unreachable, .closed, .timeout, .clientDied: .unavailable
    case .listen: .configuration
    case .notPermitted, .gateClosed: .notPermitted
    case .busy: .tryLater
    case .malformed: .wrongPeer
    case .tooLong, .stalled, .refused, .handler: .failed
    }
  }

  private static func status(of kind: Refusal.Code) -> Failure.Status {
    switch kind {
    case .notStaked: .notPermitted
    case .stakeUnknown: .unavailable
    case .tooOften: .tryLater
    default: .wrongPeer
    }
  }

  private static func status(of kind: ApiError.Code) -> Failure.Status {
    switch kind {
    case .destination, .tooLong, .responseType: .usage
    case .frame, .malformed, .truncated: .wrongPeer
    case .refused: .notPermitted
    case .busy, .tooOften: .tryLater
    case .unreachable, .untrusted, .broken, .silent, .deadline: .unavailable
    case .routeNotFound, .notStreaming, .method, .header, .remote: .failed
    }
  }

  private static func status(of kind: HostError.Code) -> Failure.Status {
    switch kind {
    case .unreachable, .connectionRefused, .unresolved, .timeout, .connectionLost, .listen: .unavailable
    case .noAddress, .ownself: .usage
    case .backoff: .tryLater
    case .refused: .notPermitted
    case .closed, .stopped: .failed
    }
  }
}
