import NIOCore

/// The byte stream of `/blast/1.0.0` and `/sink/1.0.0`: byte i is i mod 251, so that a lost or repeated portion
/// shows.
struct BytePattern {
  private static let period = 251
  /// The longest piece made at once, in bytes.
  static let pieceLength = 60 << 10
  /// Two periods more than a piece: any piece is a slice of it.
  private static let supply = ByteBuffer(
    bytes: (0..<pieceLength + 2 * period).map { UInt8($0 % period) })

  private(set) var position: UInt64 = 0

  /// The next piece, `limit` bytes at most.
  mutating func next(upTo limit: UInt64) -> ByteBuffer {
    let length = min(Int(clamping: limit), Self.pieceLength)
    let offset = Int(position % UInt64(Self.period))
    position += UInt64(length)
    return Self.supply.getSlice(at: offset, length: length) ?? ByteBuffer()
  }
}
