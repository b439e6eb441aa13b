public import Substrate

/// Tells of blocks where in the subnet's epochs they are. A value: time is the chain's. Source: spec/epoch.md §1.
public struct EpochClock: Sendable, Hashable {
  public let blocks: SubnetClock

  public init(_ blocks: SubnetClock) { self.blocks = blocks }

  /// - Returns: nil before the subnet's first epoch.
  public func position(of block: UInt64) -> EpochPosition? {
    guard let epoch = blocks.epoch(at: block), let into = blocks.blocksInto(block) else { return nil }
    return EpochPosition(epoch: epoch, into: into, length: blocks.epochLength)
  }

  /// The blocks of a window in an epoch; nil if so short an epoch has none.
  public func blocks(of window: EpochWindow, in epoch: UInt32) -> ClosedRange<UInt64>? {
    guard let places = window.places(of: blocks.epochLength) else { return nil }
    let first = blocks.firstBlock(of: epoch)
    return first + places.lowerBound...first + places.upperBound
  }
}
