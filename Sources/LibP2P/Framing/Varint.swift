/// Unsigned LEB128 integers as multiformats restrict them: at most nine bytes, shortest form only.
public enum Varint {
  /// The longest encoding, good for 63 bits (multiformats "unsigned-varint").
  public static let maximumLength = 9

  /// The shortest encoding of `value`.
  public static func encode(_ value: UInt64) -> [UInt8] {
    var bytes: [UInt8] = []
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(truncatingIfNeeded: rest))
    return bytes
  }

  /// Reads the integer that `bytes` begin with.
  ///
  /// - Returns: the value and the bytes it took, or nil when `bytes` end before it does.
  /// - Throws: ``FramingError`` `framing.varint-too-long` after nine bytes without an end,
  ///   `framing.varint-not-minimal` for an encoding with a needless last byte.
  public static func decode(
    _ bytes: some Sequence<UInt8>
  ) throws(FramingError) -> (value: UInt64, length: Int)? {
    var value: UInt64 = 0
    var length = 0
    for byte in bytes {
      value |= UInt64(byte & 0x7f) << UInt64(7 * length)
      length += 1
      if byte < 0x80 {
        if byte == 0 && length > 1 {
          throw FramingError(.varintNotMinimal, "an integer is padded with zeros")
        }
        return (value, length)
      }
      if length == maximumLength {
        throw FramingError(.varintTooLong, "an integer has more than \(maximumLength) bytes")
      }
    }
    return nil
  }
}
