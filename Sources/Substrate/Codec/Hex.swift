/// Hexadecimal text with a `0x` prefix, as JSON-RPC and people write bytes.
public enum Hex {
  private static let digits: [UInt8] = Array("0123456789abcdef".utf8)

  /// Lower-case text of `bytes`, with the `0x` prefix.
  public static func encode(_ bytes: some Collection<UInt8>) -> String {
    "0x" + encodeUnprefixed(bytes)
  }

  /// Lower-case text of `bytes`, without a prefix.
  public static func encodeUnprefixed(_ bytes: some Collection<UInt8>) -> String {
    String(unsafeUninitializedCapacity: bytes.count * 2) { buffer in
      var at = 0
      for byte in bytes {
        buffer[at] = digits[Int(byte >> 4)]
        buffer[at + 1] = digits[Int(byte & 15)]
        at += 2
      }
      return at
    }
  }

  /// The bytes that `text` spells, or nil if it is not an even number of hex digits.
  ///
  /// - Parameter text: digits in either case; the `0x` prefix is optional.
  public static func decode(_ text: String) -> [UInt8]? {
    var text = text
    return text.withUTF8 { utf8 in
      let digits = utf8.starts(with: [0x30, 0x78]) ? utf8[2...] : utf8[...]
      guard digits.count.isMultiple(of: 2) else { return nil }
      var bytes: [UInt8] = []
      bytes.reserveCapacity(digits.count / 2)
      var at = digits.startIndex
      while at < digits.endIndex {
        guard let high = value(digits[at]), let low = value(digits[at + 1]) else { return nil }
        bytes.append(high << 4 | low)
        at += 2
      }
      return bytes
    }
  }

  @inline(__always)
  private static func value(_ digit: UInt8) -> UInt8? {
    switch digit {
    case 0x30...0x39: digit - 0x30
    case 0x61...0x66: digit - 0x61 + 10
    case 0x41...0x46: digit - 0x41 + 10
    default: nil
    }
  }
}
