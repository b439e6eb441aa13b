/// Errors of all libraries as a daemon reports them when it ends.
enum DaemonFailure {
  /// Runs `body`; errors of the libraries come out as ``CommandError``.
  static func translate<Value>(_ body: () async throws -> Value) async throws -> Value {
    try await P2PFailure.translate {
      try await HosterFailure.translate { try await ValidatorFailure.translate(body) }
    }
  }
}
