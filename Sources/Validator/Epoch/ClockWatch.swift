import Foundation
import Substrate
import Synchronization

/// Holds this machine's clock against the chain's.
///
/// Duties go by blocks, but calls between peers are signed with the time of day, and a peer refuses one that is a minute
/// old or from the future. A validator whose clock is wrong is refused by everybody, and must not take that for the
/// hosters' fault.
final class ClockWatch: Sendable {
  /// The time of day at a moment that no setting of the clock moves.
  struct Reading: Sendable {
    /// Unix seconds.
    let time: Double
    let moment: ContinuousClock.Instant
  }

  /// Seconds from which on the clock is wrong: half of what peers allow. The rest is for their clocks, and for the time
  /// that a block needs until it is here.
  static let tolerance = 30.0

  private let subnet: LiveSubnet
  private let feed: EpochFeed
  private let now: @Sendable () -> Double
  /// When the newest block that was asked about was made; those who ask meanwhile wait for the same answer.
  private let newest = Mutex<(block: BlockHash, time: Task<Double?, Never>)?>(nil)

  /// - Parameter now: Unix seconds.
  init(_ subnet: LiveSubnet, _ feed: EpochFeed, now: @escaping @Sendable () -> Double) {
    self.subnet = subnet
    self.feed = feed
    self.now = now
  }

  func read() -> Reading { Reading(time: now(), moment: .now) }

  /// How far the clock is ahead of the chain's, in seconds; negative if it is behind. Of several readings the worst.
  ///
  /// - Returns: nil while the chain can't be asked, and for one whose time is not the world's.
  func offset(_ readings: [Reading]) async -> Double? {
    guard let best = feed.moment?.best, let made = await time(of: best) else { return nil }
    let arrived = feed.status.bestSince
    return readings.map { $0.time - made - ($0.moment - arrived).seconds }.max { abs($0) < abs($1) }
  }

  private func time(of block: BlockReference) async -> Double? {
    let task = newest.withLock { newest in
      if let newest, newest.block == block.hash { return newest.time }
      let task = Task { [subnet] () -> Double? in
        guard (try? await subnet.client.isForDevelopment()) == false else { return nil }
        return try? await subnet.state(block).time()
      }
      newest = (block.hash, task)
      return task
    }
    return await task.value
  }
}

extension Duration {
  fileprivate var seconds: Double { Double(nanoseconds) / 1_000_000_000 }
}
