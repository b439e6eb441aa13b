/// Walks through a JSON text (RFC 8259) without making a tree of it.
///
/// A vocabulary may have entries that Swift's `String` holds for equal, such as a letter with its accent and the two
/// apart, and a reader that makes dictionaries of them loses one. So strings come out as bytes. What is passed over is
/// judged by its brackets and strings alone.
struct JSONCursor {
  /// How deep what is passed over may be nested.
  static let maximumDepth = 64

  private let bytes: [UInt8]
  private var position: Int
  private let end: Int

  /// - Parameter bytes: UTF-8, which the caller has checked.
  init(_ bytes: [UInt8], in range: Range<Int>) {
    self.bytes = bytes
    position = range.lowerBound
    end = range.upperBound
  }

  // MARK: Containers

  /// Enters an object or an array by its bracket.
  mutating func enter(_ bracket: Unicode.Scalar) throws(TokenizerError) {
    skipSpace()
    try take(UInt8(ascii: bracket))
  }

  /// Whether the container goes on; otherwise its closing bracket is taken.
  mutating func goesOn(until bracket: Unicode.Scalar, _ isFirst: inout Bool) throws(TokenizerError) -> Bool {
    skipSpace()
    if peek == UInt8(ascii: bracket) {
      position += 1
      return false
    }
    if !isFirst { try take(UInt8(ascii: ",")) }
    isFirst = false
    return true
  }

  /// The name of a member, and the colon behind it.
  mutating func name() throws(TokenizerError) -> [UInt8] {
    let name = try string()
    skipSpace()
    try take(UInt8(ascii: ":"))
    return name
  }

  /// Says that nothing may follow.
  mutating func finish() throws(TokenizerError) {
    skipSpace()
    guard position == end else { throw malformed }
  }

  // MARK: Values

  /// Whether the next value is a string.
  var isAtString: Bool {
    mutating get {
      skipSpace()
      return peek == UInt8(ascii: "\"")
    }
  }

  mutating func string() throws(TokenizerError) -> [UInt8] {
    skipSpace()
    try take(UInt8(ascii: "\""))
    var text: [UInt8] = []
    var start = position
    while let byte = peek {
      switch byte {
      case UInt8(ascii: "\""):
        text += bytes[start..<position]
        position += 1
        return text
      case UInt8(ascii: "\\"):
        text += bytes[start..<position]
        position += 1
        try escape(into: &text)
        start = position
      case 0..<0x20: throw malformed
      default: position += 1
      }
    }
    throw malformed
  }

  /// A whole number from 0.
  mutating func number() throws(TokenizerError) -> Int {
    skipSpace()
    let start = position
    var value = 0
    while let byte = peek, UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte {
      // Nine digits say more than any number that is taken.
      guard position - start < 9 else { throw malformed }
      value = value * 10 + Int(byte - UInt8(ascii: "0"))
      position += 1
    }
    guard position > start else { throw malformed }
    return value
  }

  /// Passes over a value.
  ///
  /// - Returns: where it stands.
  mutating func skip() throws(TokenizerError) -> Range<Int> {
    skipSpace()
    let start = position
    var closing: [UInt8] = []
    repeat {
      skipSpace()
      switch peek {
      case UInt8(ascii: "{"): closing.append(UInt8(ascii: "}"))
      case UInt8(ascii: "["): closing.append(UInt8(ascii: "]"))
      case UInt8(ascii: "\""):
        _ = try string()
        continue
      case UInt8(ascii: ","), UInt8(ascii: ":"): guard !closing.isEmpty else { throw malformed }
      case UInt8(ascii: "}"), UInt8(ascii: "]"): guard closing.popLast() == peek else { throw malformed }
      default:
        try skipWord()
        continue
      }
      guard closing.count <= Self.maximumDepth else { throw malformed }
      position += 1
    } while !closing.isEmpty
    return start..<position
  }

  // MARK: Steps

  private var peek: UInt8? { position < end ? bytes[position] : nil }

  var malformed: TokenizerError { TokenizerError(.malformed, "the file is no JSON of a tokenizer at byte \(position)") }

  private mutating func take(_ byte: UInt8) throws(TokenizerError) {
    guard peek == byte else { throw malformed }
    position += 1
  }

  private mutating func skipSpace() {
    while let byte = peek, [0x20, 0x0a, 0x0d, 0x09].contains(byte) { position += 1 }
  }

  /// A number, `true`, `false` or `null`.
  private mutating func skipWord() throws(TokenizerError) {
    let start = position
    while let byte = peek, Self.isOfWord(byte) { position += 1 }
    guard position > start else { throw malformed }
  }

  private static func isOfWord(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "+"),
      UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "E"):
      true
    default: false
    }
  }

  private mutating func escape(into text: inout [UInt8]) throws(TokenizerError) {
    guard let byte = peek else { throw malformed }
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "f"): text.append(0x0c)
    case UInt8(ascii: "n"): text.append(0x0a)
    case UInt8(ascii: "r"): text.append(0x0d)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "u"):
      var units = [try codeUnit()]
      if UTF16.isLeadSurrogate(units[0]) {
        try take(UInt8(ascii: "\\"))
        try take(UInt8(ascii: "u"))
        units.append(try codeUnit())
      }
      // A surrogate without its other half is no character.
      guard let character = String(validating: units, as: UTF16.self) else { throw malformed }
      text += character.utf8
    default: throw malformed
    }
  }

  private mutating func codeUnit() throws(TokenizerError) -> UInt16 {
    var unit: UInt16 = 0
    for _ in 0..<4 {
      guard let byte = peek, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { throw malformed }
      unit = unit << 4 | UInt16(digit)
      position += 1
    }
    return unit
  }
}
