/// A part of an epoch, in percent of its blocks: what lies behind `after`, up to `through` and with it.
///
/// A block is as far into its epoch as the blocks before it are of the epoch's length, as an exact fraction. So with 20
/// blocks the window (15, 50] begins with the block that has four before it. Source: spec/epoch.md §1.
public struct EpochWindow: Sendable, Hashable {
  /// Nil for a window that begins with the epoch's first block.
  public let after: UInt8?
  public let through: UInt8

  public init(after: UInt8?, through: UInt8) {
    self.after = after
    self.through = through
  }

  /// The places in an epoch that lie in the window, counted from 0; nil if so short an epoch has none.
  ///
  /// - Parameter length: blocks in the epoch, up to 2^32.
  public func places(of length: UInt64) -> ClosedRange<UInt64>? {
    guard length > 0, length <= UInt32.max else { return nil }
    let first = after.map { UInt64($0) * length / 100 + 1 } ?? 0
    let last = min(UInt64(through) * length / 100, length - 1)
    return first <= last ? first...last : nil
  }
}
