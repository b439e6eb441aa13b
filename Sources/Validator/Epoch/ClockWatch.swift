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

  /// What an offset means.
  enum Grade: Hashable {
    /// Behind a block that is here the clock is not, but for its author's own clock; ahead it seems by the time that
    /// blocks take.
    case right
    case drifting
    /// So far off that peers may refuse what is signed by it.
    case wrong

    init(_ offset: Double) {
      self = abs(offset) > tolerance ? .wrong : (-2...10).contains(offset) ? .right : .drifting
    }
  }

  /// Seconds from which on the clock is wrong: half of what peers allow. The rest is for their clocks, and for the time
  /// that a block needs until it is here.
  static let tolerance = 30.0
  /// What a look may take; those who ask have other things to do.
  static let patience = Duration.seconds(5)

  private let subnet: LiveSubnet
  private let feed: EpochFeed
  private let patience: Duration
  private let now: @Sendable () -> Double
  private let isForDevelopment: Once<Bool>
  /// When the newest block that was asked about was made; those who ask meanwhile wait for the same answer.
  private let newest = Mutex<(block: BlockHash, time: Task<Double?, Never>)?>(nil)

  /// - Parameters:
  ///   - patience: what a look may take at most.
  ///   - now: Unix seconds.
  init(
    _ subnet: LiveSubnet, _ feed: EpochFeed, patience: Duration = ClockWatch.patience,
    now: @escaping @Sendable () -> Double
  ) {
    self.subnet = subnet
    self.feed = feed
    self.patience = patience
    self.now = now
    isForDevelopment = Once { [client = subnet.client] in try await client.isForDevelopment() }
  }

  func read() -> Reading { Reading(time: now(), moment: .now) }

  /// How far the clock is ahead of the chain's now, in seconds; negative if it is behind.
  ///
  /// - Returns: nil while the chain can't be asked, and for one whose time is not the world's.
  func offset() async -> Double? { await offsets([read()], until: .now + patience)?.first }

  /// How far the clock was ahead at each reading.
  ///
  /// - Parameter deadline: when the answer is of no more use.
  func offsets(_ readings: [Reading], until deadline: ContinuousClock.Instant) async -> [Double]? {
    // Taken together: when one block was made and another one came says nothing.
    let status = feed.status
    guard let block = status.arrived else { return nil }
    let made = await withTaskGroup(of: Double?.self) { group in
      defer { group.cancelAll() }
      group.addTask { await self.time(of: block) }
      group.addTask {
        try? await Task.sleep(until: min(deadline, .now + self.patience))
        return nil
      }
      return await group.next() ?? nil
    }
    return made.map { made in readings.map { $0.time - made - ($0.moment - status.bestSince).seconds } }
  }

  private func time(of block: BlockReference) async -> Double? {
    let task = newest.withLock { newest in
      if let newest, newest.block == block.hash { return newest.time }
      let task = Task { () -> Double? in
        let isReal = (try? await isForDevelopment.value()) == false
        if isReal, let time = try? await subnet.state(block).time() { return time }
        // What failed is asked again.
        self.newest.withLock { if $0?.block == block.hash { $0 = nil } }
        return nil
      }
      newest = (block.hash, task)
      return task
    }
    return (try? await task.valueUnlessCancelled()) ?? nil
  }
}

extension Duration {
  fileprivate var seconds: Double { Double(nanoseconds) / 1_000_000_000 }
}
