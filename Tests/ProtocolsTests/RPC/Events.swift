import Synchronization

/// What happened, for tests that wait for it instead of for time to pass.
final class Events: Sendable {
  private let counts = Mutex<[String: Int]>([:])

  func post(_ event: String) { counts.withLock { $0[event, default: 0] += 1 } }

  func count(_ event: String) -> Int { counts.withLock { $0[event, default: 0] } }

  /// Waits until the event has happened `count` times; false if it does not within half a minute.
  func wait(for event: String, count: Int = 1) async throws -> Bool {
    try await TestHosts.eventually { self.count(event) >= count }
  }
}
