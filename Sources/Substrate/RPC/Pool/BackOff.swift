/// Exponential back-off with full jitter: a random pause between nothing and a bound that doubles with each
/// failure, so that clients which failed together do not return together.
public struct BackOff: Sendable, Hashable {
  /// The bound after the first failure.
  public var base: Duration
  /// The largest bound.
  public var limit: Duration

  public init(base: Duration = .milliseconds(250), limit: Duration = .seconds(30)) {
    self.base = base
    self.limit = limit
  }

  /// The largest pause after `failures` failures in a row.
  func bound(failures: Int) -> Duration {
    // 2^20 times any sensible base is over any sensible limit.
    min(limit, base * (1 << min(max(failures - 1, 0), 20)))
  }

  /// A pause after `failures` failures in a row.
  func pause(failures: Int, using generator: inout some RandomNumberGenerator) -> Duration {
    bound(failures: failures) * Double.random(in: 0...1, using: &generator)
  }
}
