/// Base58 with Bitcoin's alphabet, the text form of peer ids.
///
/// Both directions take time with the square of the length, so callers bound what they pass.
enum Base58 {
  private static let alphabet = Array("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz".utf8)

  /// The value of each ASCII character, 255 for those outside the alphabet.
  private static let values: [UInt8] = {
    var values = [UInt8](repeating: .max, count: 256)
    for (value, character) in alphabet.enumerated() { values[Int(character)] = UInt8(value) }
    return values
  }()

  static func encode(_ bytes: some Collection<UInt8>) -> String {
    let zeros = bytes.prefix { $0 == 0 }.count
    let digits = convert(bytes.dropFirst(zeros), from: 256, to: 58)
    return String(
      decoding: repeatElement(alphabet[0], count: zeros) + digits.map { alphabet[Int($0)] }, as: UTF8.self)
  }

  /// The bytes of `text`, or nil if a character is not of the alphabet.
  static func decode(_ text: some StringProtocol) -> [UInt8]? {
    let digits = text.utf8.map { values[Int($0)] }
    guard !digits.contains(.max) else { return nil }
    let zeros = digits.prefix { $0 == 0 }.count
    return repeatElement(0, count: zeros) + convert(digits.dropFirst(zeros), from: 58, to: 256)
  }

  /// The digits of a number in another base, most significant first, without leading zeros.
  private static func convert(_ digits: some Sequence<UInt8>, from source: Int, to target: Int) -> [UInt8] {
    var result: [UInt8] = []
    for digit in digits {
      var carry = Int(digit)
      for position in result.indices {
        carry += Int(result[position]) * source
        result[position] = UInt8(truncatingIfNeeded: carry % target)
        carry /= target
      }
      while carry > 0 {
        result.append(UInt8(truncatingIfNeeded: carry % target))
        carry /= target
      }
    }
    return result.reversed()
  }
}
