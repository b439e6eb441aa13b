/// Reads one JSON text (RFC 8259) from bytes that nobody vouches for.
///
/// Stricter than the RFC asks: a member name may not come twice, and depth, number of values and length
/// of numbers are bounded. Memory stays proportional to ``JSONLimits/values``, time to the bytes.
struct JSONParser {
  private let limits: JSONLimits
  private var position = 0
  private var depth = 0
  private var remaining: Int

  init(limits: JSONLimits) {
    self.limits = limits
    remaining = limits.values
  }

  mutating func parse(_ bytes: Span<UInt8>) throws(JSONError) -> JSONValue {
    let value = try value(bytes)
    skipSpace(bytes)
    guard position == bytes.count else { throw failure(.trailingBytes) }
    return value
  }

  // MARK: Values

  private mutating func value(_ bytes: Span<UInt8>) throws(JSONError) -> JSONValue {
    skipSpace(bytes)
    guard let first = peek(bytes) else { throw failure(.truncated) }
    try spend(1)
    switch first {
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number(bytes)
    case UInt8(ascii: "\""): return .string(try string(bytes))
    case UInt8(ascii: "["): return try array(bytes)
    case UInt8(ascii: "{"): return try object(bytes)
    case UInt8(ascii: "t"): return try literal("true", .bool(true), bytes)
    case UInt8(ascii: "f"): return try literal("false", .bool(false), bytes)
    case UInt8(ascii: "n"): return try literal("null", .null, bytes)
    default: throw failure(.unexpectedByte)
    }
  }

  private mutating func array(_ bytes: Span<UInt8>) throws(JSONError) -> JSONValue {
    try open(weight: JSONLimits.arrayWeight)
    var elements: [JSONValue] = []
    if !(try closes(bytes, with: UInt8(ascii: "]"))) {
      repeat {
        elements.append(try value(bytes))
      } while try continues(bytes, until: UInt8(ascii: "]"))
    }
    depth -= 1
    return .array(elements)
  }

  private mutating func object(_ bytes: Span<UInt8>) throws(JSONError) -> JSONValue {
    try open(weight: JSONLimits.objectWeight)
    var members: [String: JSONValue] = [:]
    if !(try closes(bytes, with: UInt8(ascii: "}"))) {
      repeat {
        skipSpace(bytes)
        guard let quote = peek(bytes) else { throw failure(.truncated) }
        guard quote == UInt8(ascii: "\"") else { throw failure(.unexpectedByte) }
        let name = try string(bytes)
        skipSpace(bytes)
        guard let colon = peek(bytes) else { throw failure(.truncated) }
        guard colon == UInt8(ascii: ":") else { throw failure(.unexpectedByte) }
        position += 1
        let value = try value(bytes)
        guard members.updateValue(value, forKey: name) == nil else { throw failure(.duplicateKey) }
      } while try continues(bytes, until: UInt8(ascii: "}"))
    }
    depth -= 1
    return .object(members)
  }

  private mutating func literal(
    _ word: StaticString, _ value: JSONValue, _ bytes: Span<UInt8>
  ) throws(JSONError) -> JSONValue {
    for index in 0..<word.utf8CodeUnitCount {
      guard let byte = peek(bytes) else { throw failure(.truncated) }
      guard byte == word.utf8Start[index] else { throw failure(.unexpectedByte) }
      position += 1
    }
    return value
  }

  // MARK: Numbers

  private mutating func number(_ bytes: Span<UInt8>) throws(JSONError) -> JSONValue {
    let start = position
    let negative = bytes[position] == UInt8(ascii: "-")
    if negative { position += 1 }
    let firstDigit = position
    var magnitude: Int64 = 0
    while let digit = digit(bytes) {
      // Eighteen digits can't overflow; longer numbers are read from their text below.
      if position - firstDigit < 18 { magnitude = magnitude &* 10 &+ Int64(digit) }
      position += 1
    }
    let digits = position - firstDigit
    guard digits > 0 else { throw failure(peek(bytes) == nil ? .truncated : .invalidNumber) }
    guard digits == 1 || bytes[firstDigit] != UInt8(ascii: "0") else { throw failure(.invalidNumber) }
    switch peek(bytes) {
    case UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"):
      return try fraction(bytes, from: start)
    default:
      if digits <= 18 { return .integer(JSONInteger(word: negative ? -magnitude : magnitude)) }
      guard digits <= JSONInteger.maximumDigits,
        let integer = JSONInteger(digits: text(bytes, start..<position))
      else { throw failure(.invalidNumber) }
      return .integer(integer)
    }
  }

  private mutating func fraction(_ bytes: Span<UInt8>, from start: Int) throws(JSONError) -> JSONValue {
    if peek(bytes) == UInt8(ascii: ".") {
      position += 1
      try digits(bytes)
    }
    if let exponent = peek(bytes), exponent | 0x20 == UInt8(ascii: "e") {
      position += 1
      if let sign = peek(bytes), sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { position += 1 }
      try digits(bytes)
    }
    guard position - start <= JSONInteger.maximumDigits,
      let double = Double(text(bytes, start..<position)), double.isFinite
    else { throw failure(.invalidNumber) }
    return .double(double)
  }

  private mutating func digits(_ bytes: Span<UInt8>) throws(JSONError) {
    let start = position
    while digit(bytes) != nil { position += 1 }
    guard position > start else { throw failure(peek(bytes) == nil ? .truncated : .invalidNumber) }
  }

  // MARK: Strings

  private mutating func string(_ bytes: Span<UInt8>) throws(JSONError) -> String {
    position += 1
    let start = position
    while position < bytes.count {
      switch bytes[position] {
      case UInt8(ascii: "\""):
        guard let utf8 = try? UTF8Span(validating: bytes.extracting(start..<position)) else {
          throw failure(.invalidString)
        }
        position += 1
        return String(copying: utf8)
      case UInt8(ascii: "\\"): return try escapedString(bytes, from: start)
      case 0..<0x20: throw failure(.invalidString)
      default: position += 1
      }
    }
    throw failure(.truncated)
  }

  /// The rest of a string in which an escape was met.
  private mutating func escapedString(_ bytes: Span<UInt8>, from start: Int) throws(JSONError) -> String {
    var text: [UInt8] = []
    for index in start..<position { text.append(bytes[index]) }
    while let byte = peek(bytes) {
      position += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let string = String(validating: text, as: UTF8.self) else { throw failure(.invalidString) }
        return string
      case UInt8(ascii: "\\"): try escape(bytes, into: &text)
      case 0..<0x20: throw failure(.invalidString)
      default: text.append(byte)
      }
    }
    throw failure(.truncated)
  }

  private mutating func escape(_ bytes: Span<UInt8>, into text: inout [UInt8]) throws(JSONError) {
    guard let byte = peek(bytes) else { throw failure(.truncated) }
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "f"): text.append(0x0C)
    case UInt8(ascii: "n"): text.append(0x0A)
    case UInt8(ascii: "r"): text.append(0x0D)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "u"):
      var units = [try codeUnit(bytes)]
      if UTF16.isLeadSurrogate(units[0]) {
        for expected in [UInt8(ascii: "\\"), UInt8(ascii: "u")] {
          guard let byte = peek(bytes) else { throw failure(.truncated) }
          guard byte == expected else { throw failure(.invalidString) }
          position += 1
        }
        units.append(try codeUnit(bytes))
      }
      // A surrogate without its other half is no character.
      guard let character = String(validating: units, as: UTF16.self) else {
        throw failure(.invalidString)
      }
      text.append(contentsOf: character.utf8)
    default: throw failure(.invalidString)
    }
  }

  private mutating func codeUnit(_ bytes: Span<UInt8>) throws(JSONError) -> UInt16 {
    var unit: UInt16 = 0
    for _ in 0..<4 {
      guard let byte = peek(bytes) else { throw failure(.truncated) }
      guard let nibble = HexText.nibble(byte) else { throw failure(.invalidString) }
      unit = unit << 4 | UInt16(nibble)
      position += 1
    }
    return unit
  }

  // MARK: Steps

  @inline(__always)
  private func peek(_ bytes: Span<UInt8>) -> UInt8? {
    position < bytes.count ? bytes[position] : nil
  }

  @inline(__always)
  private func digit(_ bytes: Span<UInt8>) -> UInt8? {
    guard let byte = peek(bytes), UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte else { return nil }
    return byte &- UInt8(ascii: "0")
  }

  @inline(__always)
  private mutating func skipSpace(_ bytes: Span<UInt8>) {
    while let byte = peek(bytes), byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
      position += 1
    }
  }

  private mutating func open(weight: Int) throws(JSONError) {
    guard depth < limits.depth else { throw failure(.tooDeep) }
    try spend(weight)
    depth += 1
    position += 1
  }

  @inline(__always)
  private mutating func spend(_ values: Int) throws(JSONError) {
    remaining -= values
    guard remaining >= 0 else { throw failure(.tooManyValues) }
  }

  /// Whether the container that was just opened is empty; then its closing byte is consumed.
  private mutating func closes(_ bytes: Span<UInt8>, with closing: UInt8) throws(JSONError) -> Bool {
    skipSpace(bytes)
    guard let byte = peek(bytes) else { throw failure(.truncated) }
    guard byte == closing else { return false }
    position += 1
    return true
  }

  /// Consumes the comma (true) or the closing byte (false) after an element.
  private mutating func continues(_ bytes: Span<UInt8>, until closing: UInt8) throws(JSONError) -> Bool {
    skipSpace(bytes)
    guard let byte = peek(bytes) else { throw failure(.truncated) }
    guard byte == UInt8(ascii: ",") || byte == closing else { throw failure(.unexpectedByte) }
    position += 1
    return byte != closing
  }

  private func text(_ bytes: Span<UInt8>, _ range: Range<Int>) -> String {
    var text = ""
    for index in range { text.unicodeScalars.append(Unicode.Scalar(bytes[index])) }
    return text
  }

  private func failure(_ kind: JSONError.Code) -> JSONError {
    JSONError(kind: kind, offset: position)
  }
}

extension JSONValue {
  /// The value of a JSON text from any source, hostile ones included.
  public init(parsing bytes: Span<UInt8>, limits: JSONLimits = JSONLimits()) throws(JSONError) {
    var parser = JSONParser(limits: limits)
    self = try parser.parse(bytes)
  }

  /// The value of a JSON text from any source, hostile ones included.
  public init(parsing bytes: [UInt8], limits: JSONLimits = JSONLimits()) throws(JSONError) {
    try self.init(parsing: bytes.span, limits: limits)
  }
}
