import DequeModule
import Synchronization

/// How many calls may run at a time; the others wait in line. A streaming call counts until its responses end.
public final class RPCSemaphore: Sendable {
  /// No limit.
  public static let unlimited = RPCSemaphore(limit: .max)

  private struct Waiter {
    var id: UInt64
    var continuation: CheckedContinuation<Void, any Error>
  }

  private struct State {
    var available: Int
    var waiters = Deque<Waiter>()
    var nextID: UInt64 = 0
  }

  private let state: Mutex<State>

  /// - Parameter limit: calls at a time; at least one.
  public init(limit: Int) { state = Mutex(State(available: max(1, limit))) }

  /// Waits until there is room for a call.
  ///
  /// - Throws: `CancellationError`.
  func acquire() async throws -> Permit {
    let id = state.withLock { state in
      defer { state.nextID += 1 }
      return state.nextID
    }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let result = state.withLock { state -> Result<Void, any Error>? in
          guard !Task.isCancelled else { return .failure(CancellationError()) }
          guard state.available > 0 else {
            state.waiters.append(Waiter(id: id, continuation: continuation))
            return nil
          }
          state.available -= 1
          return .success(())
        }
        if let result { continuation.resume(with: result) }
      }
    } onCancel: {
      let waiter = state.withLock { state in
        state.waiters.firstIndex { $0.id == id }.map { state.waiters.remove(at: $0) }
      }
      waiter?.continuation.resume(throwing: CancellationError())
    }
    return Permit(self)
  }

  private func release() {
    let next = state.withLock { state in
      if let next = state.waiters.popFirst() { return next as Waiter? }
      state.available += 1
      return nil
    }
    next?.continuation.resume()
  }

  /// Room for one call, given back once: on ``release()`` or when it is forgotten.
  final class Permit: Sendable {
    private let semaphore: Mutex<RPCSemaphore?>

    fileprivate init(_ semaphore: RPCSemaphore) { self.semaphore = Mutex(semaphore) }

    deinit { release() }

    func release() {
      let semaphore = semaphore.withLock { semaphore in
        defer { semaphore = nil }
        return semaphore
      }
      semaphore?.release()
    }
  }
}
