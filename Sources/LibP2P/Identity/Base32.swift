/// Base32 of RFC 4648 in lower case without padding: what the multibase prefix `b` announces.
enum Base32 {
  private static let alphabet = Array("abcdefghijklmnopqrstuvwxyz234567".utf8)

  static func encode(_ bytes: some Sequence<UInt8>) -> String {
    var text: [UInt8] = []
    var bits: UInt16 = 0
    var count = 0
    for byte in bytes {
      bits = bits << 8 | UInt16(byte)
      count += 8
      while count >= 5 {
        count -= 5
        text.append(alphabet[Int(bits >> UInt16(count)) & 0x1f])
      }
      bits &= (1 << UInt16(count)) - 1
    }
    if count > 0 { text.append(alphabet[Int(bits << UInt16(5 - count)) & 0x1f]) }
    return String(decoding: text, as: UTF8.self)
  }

  /// The bytes of `text`, or nil for a foreign character, an impossible length or left-over bits that
  /// are not zero, so that every value has one spelling.
  static func decode(_ text: some StringProtocol) -> [UInt8]? {
    var bytes: [UInt8] = []
    var bits: UInt16 = 0
    var count = 0
    for character in text.utf8 {
      let value: UInt8
      switch character {
      case UInt8(ascii: "a")...UInt8(ascii: "z"): value = character - UInt8(ascii: "a")
      case UInt8(ascii: "2")...UInt8(ascii: "7"): value = character - UInt8(ascii: "2") + 26
      default: return nil
      }
      bits = bits << 5 | UInt16(value)
      count += 5
      if count >= 8 {
        count -= 8
        bytes.append(UInt8(truncatingIfNeeded: bits >> UInt16(count)))
        bits &= (1 << UInt16(count)) - 1
      }
    }
    return count < 5 && bits == 0 ? bytes : nil
  }
}
