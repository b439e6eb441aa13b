import Hoster

/// Errors of models and inference as the program reports them: the same code and words, and an exit code.
enum HosterFailure {
  /// Runs `body`; its errors come out as ``CommandError``.
  static func translate<Value>(_ body: () async throws -> Value) async throws -> Value {
    do {
      return try await body()
    } catch let error as any HosterError {
      throw CommandError(error.code, error.message, remedy: error.remedy, status: status(of: error))
    }
  }

  static func status(of error: any HosterError) -> Failure.Status {
    switch error {
    case let error as ModelError: error.kind == .unreadable || error.kind == .unwritable ? .unavailable : .failed
    case let error as InferenceError: status(of: error.kind)
    default: .failed
    }
  }

  private static func status(of kind: InferenceError.Code) -> Failure.Status {
    switch kind {
    case .noPrompt, .unknownToken, .tooLong, .tokenCount: .usage
    case .queueFull, .peerQueueFull: .tryLater
    case .stopped, .upstream, .upstreamTimeout, .noWorker, .worker, .stalled: .unavailable
    case .notFinite, .noTokenIDs, .noModel: .failed
    }
  }
}
