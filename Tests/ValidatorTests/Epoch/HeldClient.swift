import Substrate
import Synchronization

/// A connection whose questions wait as long as the test wants, whatever time they were given.
final class HeldClient: RPCClient {
  private struct State {
    var isHolding = false
    var waiting: [CheckedContinuation<Void, Never>] = []
  }

  private let client: any RPCClient
  private let state = Mutex(State())

  init(_ client: any RPCClient) { self.client = client }

  /// The questions that wait.
  var waiting: Int { state.withLock(\.waiting.count) }

  func hold() { state.withLock { $0.isHolding = true } }

  /// Asks what waits, and waits no more.
  func release() {
    let waiting = state.withLock { state in
      defer { state = State() }
      return state.waiting
    }
    for each in waiting { each.resume() }
  }

  private func pass() async {
    await withCheckedContinuation { continuation in
      let isHeld = state.withLock { state in
        if state.isHolding { state.waiting.append(continuation) }
        return state.isHolding
      }
      if !isHeld { continuation.resume() }
    }
  }

  func call(_ method: String, _ params: [JSONValue], timeout: Duration?) async throws -> JSONValue {
    await pass()
    return try await client.call(method, params, timeout: timeout)
  }

  func batch(_ calls: [RPCCall], timeout: Duration?) async throws -> [Result<JSONValue, RPCError>] {
    await pass()
    return try await client.batch(calls, timeout: timeout)
  }

  func subscribe(
    _ method: String, _ params: [JSONValue], unsubscribe: String, itemDeadline: Duration?
  ) async throws -> RPCSubscription {
    await pass()
    return try await client.subscribe(method, params, unsubscribe: unsubscribe, itemDeadline: itemDeadline)
  }
}
