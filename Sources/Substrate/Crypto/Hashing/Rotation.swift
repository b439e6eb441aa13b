extension UInt64 {
  /// The word turned left by `count` bits, 0 < count < 64.
  @inline(__always)
  func rotated(left count: UInt64) -> UInt64 {
    (self &<< count) | (self &>> (64 &- count))
  }

  /// The word turned right by `count` bits, 0 < count < 64.
  @inline(__always)
  func rotated(right count: UInt64) -> UInt64 {
    (self &>> count) | (self &<< (64 &- count))
  }
}
