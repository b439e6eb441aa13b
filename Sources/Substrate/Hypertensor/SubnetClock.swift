/// Turns block numbers into epochs of one subnet.
///
/// Subnet epoch `e` covers the blocks `slot + e·length … slot + (e+1)·length − 1`. Source: spec/chain.md §6.
public struct SubnetClock: Sendable, Hashable {
  /// Blocks in an epoch; differs between chains.
  public let epochLength: UInt64
  public let slot: UInt64

  /// - Returns: nil for an epoch without blocks, or numbers above those of the chain (u32), so that no sum overflows.
  public init?(epochLength: UInt64, slot: UInt64) {
    guard epochLength > 0, epochLength <= UInt32.max, slot <= UInt32.max else { return nil }
    self.epochLength = epochLength
    self.slot = slot
  }

  /// The subnet epoch of a block; nil before the subnet's first.
  public func epoch(at block: UInt64) -> UInt32? {
    block < slot ? nil : UInt32(clamping: (block - slot) / epochLength)
  }

  /// How many blocks of its epoch came before `block`; nil before the first epoch.
  public func blocksInto(_ block: UInt64) -> UInt64? {
    block < slot ? nil : (block - slot) % epochLength
  }

  public func firstBlock(of epoch: UInt32) -> UInt64 { slot + UInt64(epoch) * epochLength }

  public func lastBlock(of epoch: UInt32) -> UInt64 { firstBlock(of: epoch) + epochLength - 1 }
}
