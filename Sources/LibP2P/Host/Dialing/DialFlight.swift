import Synchronization

/// One dial that any number of callers wait for. It is given up when the last of them is cancelled.
final class DialFlight: Sendable {
  private struct State {
    var waiters: [Int: CheckedContinuation<P2PConnection, any Error>] = [:]
    var nextWaiter = 0
    var result: Result<P2PConnection, any Error>?
    var task: Task<Void, Never>?
  }

  private let state = Mutex(State())

  /// Names the task that dials, to be cancelled when nobody waits any more.
  func run(_ task: Task<Void, Never>) {
    state.withLock { $0.task = task }
  }

  /// Waits for the outcome.
  func wait() async throws -> P2PConnection {
    let number = state.withLock { state in
      defer { state.nextWaiter += 1 }
      return state.nextWaiter
    }
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { waiter in
        let result = state.withLock { state -> Result<P2PConnection, any Error>? in
          if let result = state.result { return result }
          guard !Task.isCancelled else { return .failure(CancellationError()) }
          state.waiters[number] = waiter
          return nil
        }
        if let result { waiter.resume(with: result) }
      }
    } onCancel: {
      let (waiter, abandoned) = state.withLock { state in
        let waiter = state.waiters.removeValue(forKey: number)
        return (waiter, state.waiters.isEmpty && waiter != nil ? state.task : nil)
      }
      waiter?.resume(throwing: CancellationError())
      abandoned?.cancel()
    }
  }

  /// Answers everybody.
  func complete(_ result: Result<P2PConnection, any Error>) {
    let waiters = state.withLock { state in
      state.result = result
      defer { state.waiters = [:] }
      return state.waiters.values
    }
    for waiter in waiters { waiter.resume(with: result) }
  }
}
