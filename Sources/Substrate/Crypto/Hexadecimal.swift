/// Hexadecimal text without a prefix.
///
/// Neither direction branches on the digits or looks them up in a table, because secret keys pass
/// through here: the time taken depends on their number alone.
enum Hexadecimal {
  /// The bytes that `digits` spell in any case, or nil if their number is odd or one is no digit.
  static func bytes(_ digits: some Collection<UInt8>) -> [UInt8]? {
    guard digits.count.isMultiple(of: 2) else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(digits.count / 2)
    var high: UInt8?
    var invalid: UInt8 = 0
    for digit in digits {
      let (value, fault) = nibble(digit)
      invalid |= fault
      if let upper = high {
        bytes.append(upper &<< 4 | value)
        high = nil
      } else {
        high = value
      }
    }
    return invalid == 0 ? bytes : nil
  }

  /// Two lower case digits for each byte.
  static func text(_ bytes: some Collection<UInt8>) -> String {
    String(decoding: digits(bytes), as: UTF8.self)
  }

  /// Two lower case digits for each byte, in ASCII that a caller can overwrite.
  static func digits(_ bytes: some Collection<UInt8>) -> [UInt8] {
    var digits: [UInt8] = []
    // One more for the end of a line, which then leaves no outgrown copy of a secret behind.
    digits.reserveCapacity(2 * bytes.count + 1)
    for byte in bytes {
      digits.append(digit(byte &>> 4))
      digits.append(digit(byte & 0x0f))
    }
    return digits
  }

  /// The value of a digit, and 0xff beside it if it is none.
  @inline(__always)
  private static func nibble(_ digit: UInt8) -> (value: UInt8, fault: UInt8) {
    let letter = digit | 0x20
    let isDecimal = within(digit, 0x30, 0x39)
    let isLetter = within(letter, 0x61, 0x66)
    let value = (digit &- 0x30) & isDecimal | (letter &- 0x57) & isLetter
    return (value, ~(isDecimal | isLetter))
  }

  @inline(__always)
  private static func digit(_ nibble: UInt8) -> UInt8 {
    nibble &+ 0x30 &+ (0x27 & within(nibble, 10, 15))
  }

  /// 0xff if `low <= value <= high`, else 0; computed from the borrows of two subtractions.
  @inline(__always)
  private static func within(_ value: UInt8, _ low: UInt8, _ high: UInt8) -> UInt8 {
    let below = (Int16(value) &- Int16(low)) &>> 15
    let above = (Int16(high) &- Int16(value)) &>> 15
    return UInt8(truncatingIfNeeded: ~(below | above))
  }
}
