import Synchronization

/// Room for a number of tasks at a time.
///
/// A task that waits is not woken when it is cancelled: those who have a slot are cancelled with it and give theirs back.
final class AsyncSlots: Sendable {
  private struct State {
    var free: Int
    var waiters: [CheckedContinuation<Void, Never>] = []
  }

  private let state: Mutex<State>

  init(_ count: Int) { state = Mutex(State(free: max(1, count))) }

  /// Runs `body` in a slot.
  func with<Value>(_ body: () async -> Value) async -> Value {
    await withCheckedContinuation { continuation in
      let isFree = state.withLock { state in
        guard state.free > 0 else {
          state.waiters.append(continuation)
          return false
        }
        state.free -= 1
        return true
      }
      if isFree { continuation.resume() }
    }
    let value = await body()
    let next = state.withLock { state in
      let next = state.waiters.popLast()
      if next == nil { state.free += 1 }
      return next
    }
    next?.resume()
    return value
  }
}
