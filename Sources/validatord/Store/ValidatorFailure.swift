import Validator

/// Errors of the validator's library as the program reports them: the same code and words, and an exit code.
enum ValidatorFailure {
  /// Runs `body`; its errors come out as ``CommandError``.
  static func translate<Value>(_ body: () async throws -> Value) async throws -> Value {
    do {
      return try await body()
    } catch let error as any ValidatorError {
      throw CommandError(error.code, error.message, remedy: error.remedy, status: status(of: error))
    }
  }

  static func status(of error: any ValidatorError) -> Failure.Status {
    switch error {
    case let error as StoreError: status(of: error.kind)
    case let error as ProtectionError: error.kind == .bound || error.kind == .hold ? .notPermitted : .failed
    case let error as EpochError: error.kind == .stalled ? .wedged : .configuration
    case let error as ScoringError: error.kind == .parameters ? .configuration : .failed
    default: .failed
    }
  }

  private static func status(of kind: StoreError.Code) -> Failure.Status {
    switch kind {
    case .mode: .notPermitted
    case .unreachable, .full, .readOnly, .disk: .unavailable
    case .busy, .locked: .tryLater
    case .foreign: .configuration
    case .missing, .exists, .newer, .older, .damaged, .migration, .conflict, .tooLarge, .failed: .failed
    }
  }
}
