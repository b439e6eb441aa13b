package import NIOCore

/// A rate limit as a value: `burst` events at once, then one per `interval`.
///
/// Kept as the time at which the bucket will be full again (GCRA), so there is no counter to refill.
package struct TokenBucket: Sendable {
  private let interval: Int64
  private let allowance: Int64
  private var full = NIODeadline.uptimeNanoseconds(0)

  /// - Parameters:
  ///   - burst: events allowed at once; at least one.
  ///   - interval: time after which one more is allowed.
  package init(burst: Int, interval: TimeAmount) {
    self.interval = interval.nanoseconds
    allowance = interval.nanoseconds * Int64(max(1, burst))
  }

  /// Takes one token; false when there is none.
  package mutating func take(now: NIODeadline) -> Bool {
    let next = max(full, now) + .nanoseconds(interval)
    guard (next - now).nanoseconds <= allowance else { return false }
    full = next
    return true
  }
}
