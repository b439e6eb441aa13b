import LibP2P
import NIOCore
import Synchronization

/// Lines of the log that peers can cause, of all protocols together: so many at once, then one in that time. A flood of
/// bad calls must not fill the disk.
enum LogBudget {
  private static let bucket = Mutex(TokenBucket(burst: 20, interval: .seconds(1)))

  /// Takes one line; false when there is none to be had.
  static func take() -> Bool { bucket.withLock { $0.take(now: .now()) } }
}
