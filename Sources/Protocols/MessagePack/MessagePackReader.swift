import Foundation

/// Reads values of MessagePack that anybody may have written: no more levels and values than its limits, and no
/// memory for what is not there.
struct MessagePackReader {
  /// Levels of arrays and maps inside each other.
  static let maximumDepth = 32
  /// Values in all.
  static let maximumValues = 1 << 16

  private var rest: Data
  private var valuesLeft = Self.maximumValues

  init(_ bytes: Data) { rest = bytes }

  var isAtEnd: Bool { rest.isEmpty }

  mutating func value(depth: Int = 0) throws(MessagePackError) -> MessagePackValue {
    guard depth <= Self.maximumDepth, valuesLeft > 0 else {
      throw MessagePackError(.limit, "there are more than \(Self.maximumDepth) levels or \(Self.maximumValues) values")
    }
    valuesLeft -= 1
    let mark = try number(UInt8.self)
    switch mark {
    case 0x00...0x7f: return .int(Int64(mark))
    case 0xe0...0xff: return .int(Int64(Int8(bitPattern: mark)))
    case 0x80...0x8f: return try map(Int(mark & 0x0f), depth)
    case 0x90...0x9f: return try array(Int(mark & 0x0f), depth)
    case 0xa0...0xbf: return try string(Int(mark & 0x1f))
    case 0xc0: return .nil
    case 0xc2, 0xc3: return .bool(mark == 0xc3)
    case 0xc4...0xc6: return .binary(try take(try count(mark - 0xc4)))
    case 0xc7...0xc9: return try `extension`(try count(mark - 0xc7))
    case 0xca: return .double(Double(Float(bitPattern: try number(UInt32.self))))
    case 0xcb: return .double(Double(bitPattern: try number(UInt64.self)))
    case 0xcc...0xd3: return try integer(mark)
    case 0xd4...0xd8: return try `extension`(1 << Int(mark - 0xd4))
    case 0xd9...0xdb: return try string(try count(mark - 0xd9))
    case 0xdc, 0xdd: return try array(try count(mark - 0xdb), depth)
    case 0xde, 0xdf: return try map(try count(mark - 0xdd), depth)
    default: throw MessagePackError(.malformed, "byte \(mark) begins no value")
    }
  }

  private mutating func integer(_ mark: UInt8) throws(MessagePackError) -> MessagePackValue {
    switch mark {
    case 0xcc: return .int(Int64(try number(UInt8.self)))
    case 0xcd: return .int(Int64(try number(UInt16.self)))
    case 0xce: return .int(Int64(try number(UInt32.self)))
    case 0xcf:
      let number = try number(UInt64.self)
      return Int64(exactly: number).map { .int($0) } ?? .uint(number)
    case 0xd0: return .int(Int64(try number(Int8.self)))
    case 0xd1: return .int(Int64(try number(Int16.self)))
    case 0xd2: return .int(Int64(try number(Int32.self)))
    default: return .int(try number(Int64.self))
    }
  }

  private mutating func array(_ count: Int, _ depth: Int) throws(MessagePackError) -> MessagePackValue {
    var values: [MessagePackValue] = []
    for _ in 0..<count { values.append(try value(depth: depth + 1)) }
    return .array(values)
  }

  private mutating func map(_ count: Int, _ depth: Int) throws(MessagePackError) -> MessagePackValue {
    var pairs: [MessagePackValue.Pair] = []
    for _ in 0..<count { pairs.append(.init(try value(depth: depth + 1), try value(depth: depth + 1))) }
    return .map(pairs)
  }

  private mutating func string(_ count: Int) throws(MessagePackError) -> MessagePackValue {
    guard let text = String(validating: try take(count), as: UTF8.self) else {
      throw MessagePackError(.malformed, "a string is no UTF-8")
    }
    return .string(text)
  }

  private mutating func `extension`(_ count: Int) throws(MessagePackError) -> MessagePackValue {
    .extension(try number(Int8.self), try take(count))
  }

  /// A count in one, two or four bytes.
  private mutating func count(_ size: UInt8) throws(MessagePackError) -> Int {
    switch size {
    case 0: Int(try number(UInt8.self))
    case 1: Int(try number(UInt16.self))
    default: Int(try number(UInt32.self))
    }
  }

  private mutating func number<Number: FixedWidthInteger>(_ type: Number.Type) throws(MessagePackError) -> Number {
    // A smart shift: by the whole width of one byte it leaves zero, and never traps.
    try take(MemoryLayout<Number>.size).reduce(0) { $0 << 8 | Number(truncatingIfNeeded: $1) }
  }

  private mutating func take(_ count: Int) throws(MessagePackError) -> Data {
    guard count <= rest.count else {
      throw MessagePackError(.truncated, "\(count) bytes are announced, \(rest.count) are there")
    }
    defer { rest = rest.dropFirst(count) }
    return Data(rest.prefix(count))
  }
}
