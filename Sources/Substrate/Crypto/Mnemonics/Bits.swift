/// Packs numbers into bytes, most significant bit first.
struct BitWriter {
  var bytes: [UInt8] = []
  private var pending: UInt32 = 0
  private var pendingCount = 0

  /// Appends the `count` lowest bits of `value`, at most 16.
  mutating func append(_ value: UInt16, count: Int) {
    pending = pending << count | UInt32(value)
    pendingCount += count
    while pendingCount >= 8 {
      pendingCount -= 8
      bytes.append(UInt8(truncatingIfNeeded: pending >> pendingCount))
    }
  }

  /// Fills the last byte up with zeros.
  mutating func flush() {
    if pendingCount > 0 { append(0, count: 8 - pendingCount) }
  }
}

/// Takes numbers out of bytes, most significant bit first.
struct BitReader {
  var bytes: [UInt8]
  private var position = 0

  init(bytes: [UInt8]) {
    self.bytes = bytes
  }

  /// The next `count` bits, at most 16, with zeros after the last byte.
  mutating func read(_ count: Int) -> UInt16 {
    var value: UInt16 = 0
    for _ in 0..<count {
      let byte = position / 8 < bytes.count ? bytes[position / 8] : 0
      value = value << 1 | UInt16(byte >> (7 - position % 8) & 1)
      position += 1
    }
    return value
  }
}
