/// How long a signature may be included, so that it ends with its epoch.
///
/// The era of an extrinsic counts from a final block and is a power of two. Source: spec/threats.md §6.
enum SignatureLifetime: Sendable, Hashable {
  /// The longest time, from the anchor on.
  case blocks(UInt64)
  /// The epoch has too few blocks left.
  case noRoom
  /// Finality is so many blocks behind that no time from a final block reaches past the best one.
  case finalityBehind(UInt64)

  /// Finality that is further behind than this is the chain's or the endpoint's fault; a healthy chain's is two or three
  /// blocks.
  static let ordinaryLag: UInt64 = 8
  /// The shortest era that the chain knows.
  private static let shortest: UInt64 = 4

  /// - Parameters:
  ///   - position: of the best block in its epoch.
  ///   - block: the best block.
  ///   - finalized: the newest final block.
  ///   - most: the longest time that is wanted.
  init(_ position: EpochPosition, at block: UInt64, finalized: UInt64, most: UInt64) {
    let anchor = min(finalized, block - min(block, 1))
    let end = block + position.remaining
    // The era counts from the anchor, and its end is the first block that can't hold the signature.
    let room = end + 1 - min(anchor, end + 1)
    if room >= Self.shortest {
      let period = UInt64(1) << UInt64(63 - min(room, max(most, Self.shortest)).leadingZeroBitCount)
      if anchor + period > block + 1 {
        self = .blocks(period)
        return
      }
    }
    let lag = block - anchor
    self = lag > Self.ordinaryLag ? .finalityBehind(lag) : .noRoom
  }
}
