import Synchronization

/// A clock that stands still until a test moves it.
final class ManualClock: Sendable {
  private let instant = Mutex(ContinuousClock.now)
  @Sendable func now() -> ContinuousClock.Instant { instant.withLock { $0 } }
  func advance(_ duration: Duration) { instant.withLock { $0 += duration } }
}
