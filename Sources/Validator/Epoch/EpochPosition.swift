/// Where in an epoch a block is.
public struct EpochPosition: Sendable, Hashable, CustomStringConvertible {
  public let epoch: UInt32
  /// Blocks of the epoch before this one.
  public let into: UInt64
  /// Blocks of the epoch.
  public let length: UInt64

  public init(epoch: UInt32, into: UInt64, length: UInt64) {
    self.epoch = epoch
    self.into = into
    self.length = length
  }

  /// Blocks of the epoch after this one.
  public var remaining: UInt64 { length > into ? length - into - 1 : 0 }

  public func isIn(_ window: EpochWindow) -> Bool { window.places(of: length)?.contains(into) ?? false }

  /// Whether the window is over, or the epoch too short to have it.
  public func isPast(_ window: EpochWindow) -> Bool { window.places(of: length).map { into > $0.upperBound } ?? true }

  /// Whether a block at this place comes before all of the window, or is its first: whoever starts here can do it whole.
  public func canDoWhole(_ window: EpochWindow) -> Bool {
    window.places(of: length).map { into <= $0.lowerBound } ?? false
  }

  public var description: String { "epoch \(epoch), block \(into) of \(length)" }
}
