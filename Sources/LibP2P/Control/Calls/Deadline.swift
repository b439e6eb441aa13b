/// Gives work a time to end in.
enum Deadline {
  private enum Outcome<Value: Sendable>: Sendable {
    case value(Value)
    case late
  }

  /// Runs `body`, and cancels it when `time` has passed.
  ///
  /// - Throws: ``ControlError`` `control.timeout`, and what `body` throws.
  static func run<Value: Sendable>(
    _ time: Duration, _ body: @escaping @Sendable () async throws -> Value
  ) async throws -> Value {
    try await withThrowingTaskGroup(of: Outcome<Value>.self) { group in
      defer { group.cancelAll() }
      group.addTask { .value(try await body()) }
      group.addTask {
        try await Task.sleep(for: time)
        return .late
      }
      guard case .value(let value)? = try await group.next() else {
        throw ControlError(.timeout, "there was no answer within \(time)")
      }
      return value
    }
  }
}
