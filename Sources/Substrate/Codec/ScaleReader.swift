public import BigInt

/// Reads SCALE values from bytes, never past their end and never beyond its limits.
///
/// A read that throws leaves the reader at an unspecified position; drop it then.
///
/// Source: the SCALE codec as Substrate's `parity-scale-codec` defines it.
public struct ScaleReader {
  @usableFromInline let bytes: [UInt8]
  /// The index of the next unread byte.
  public private(set) var offset = 0
  public let limits: ScaleLimits
  private var depth = 0
  private var valuesLeft: Int

  public init(_ bytes: [UInt8], limits: ScaleLimits = .standard) {
    self.bytes = bytes
    self.limits = limits
    valuesLeft = limits.values
  }

  /// How many bytes are unread.
  public var remaining: Int { bytes.count - offset }

  /// Refuses bytes left over after the last value.
  public func finish() throws(ScaleError) {
    guard remaining == 0 else {
      throw ScaleError(.trailing, "\(remaining) bytes are left over after the value")
    }
  }

  // MARK: Budget

  /// Goes one level deeper for the time of `body`.
  @inline(__always)
  public mutating func nested<Value>(
    _ body: (inout ScaleReader) throws(ScaleError) -> Value
  ) throws(ScaleError) -> Value {
    guard depth < limits.depth else {
      throw ScaleError(.limit, "values nest deeper than \(limits.depth) levels")
    }
    depth += 1
    let value = try body(&self)
    depth -= 1
    return value
  }

  /// Takes `count` values out of the budget of this decoding.
  @inline(__always)
  public mutating func spend(_ count: Int) throws(ScaleError) {
    guard count <= valuesLeft else {
      throw ScaleError(.limit, "more than \(limits.values) values")
    }
    valuesLeft -= count
  }

  // MARK: Fixed width

  @inline(__always)
  private mutating func advance(_ count: Int) throws(ScaleError) -> Int {
    guard count <= remaining else {
      throw ScaleError(.truncated, "\(count) bytes wanted at offset \(offset), \(remaining) are there")
    }
    defer { offset += count }
    return offset
  }

  @inline(__always)
  public mutating func readByte() throws(ScaleError) -> UInt8 {
    bytes[try advance(1)]
  }

  public mutating func readBytes(_ count: Int) throws(ScaleError) -> [UInt8] {
    guard count >= 0 else { throw ScaleError(.malformed, "negative length") }
    let start = try advance(count)
    return Array(bytes[start..<start + count])
  }

  /// A little-endian integer of the type's own width.
  @inline(__always)
  public mutating func readInteger<Integer: FixedWidthInteger>(
    as type: Integer.Type = Integer.self
  ) throws(ScaleError) -> Integer {
    let start = try advance(Integer.bitWidth / 8)
    return bytes.withUnsafeBytes {
      Integer(littleEndian: $0.loadUnaligned(fromByteOffset: start, as: Integer.self))
    }
  }

  /// `count` little-endian integers in one go.
  public mutating func readIntegers<Integer: FixedWidthInteger>(
    _ count: Int, as type: Integer.Type = Integer.self
  ) throws(ScaleError) -> [Integer] {
    let width = Integer.bitWidth / 8
    let (size, overflow) = count.multipliedReportingOverflow(by: width)
    guard count >= 0, !overflow else { throw ScaleError(.limit, "\(count) elements") }
    let start = try advance(size)
    let integers = [Integer](unsafeUninitializedCapacity: count) { buffer, initialized in
      bytes.withUnsafeBytes { source in
        // One copy instead of a load each: callers in other modules get no specialised loop.
        UnsafeMutableRawBufferPointer(buffer).copyMemory(
          from: UnsafeRawBufferPointer(rebasing: source[start..<start + size]))
      }
      initialized = count
    }
    #if _endian(big)
      return integers.map { Integer(littleEndian: $0) }
    #else
      return integers
    #endif
  }

  public mutating func readBool() throws(ScaleError) -> Bool {
    switch try readByte() {
    case 0: return false
    case 1: return true
    case let byte: throw ScaleError(.malformed, "a bool is 0 or 1, not \(byte)")
    }
  }

  // MARK: Compact

  /// A compact integer of up to 128 bits. Encodings longer than needed are refused.
  @inline(__always)
  public mutating func readCompact() throws(ScaleError) -> UInt128 {
    let first = try readByte()
    if first & 3 == 0 { return UInt128(first >> 2) }
    return try readLongCompact(first)
  }

  private mutating func readLongCompact(_ first: UInt8) throws(ScaleError) -> UInt128 {
    let value: UInt128
    let minimum: UInt128
    switch first & 3 {
    case 1:
      value = UInt128(UInt16(first) | UInt16(try readByte()) << 8) >> 2
      minimum = 1 << 6
    case 2:
      let low = UInt32(try readByte())
      let high = UInt32(try readInteger(as: UInt16.self))
      value = UInt128(UInt32(first) | low << 8 | high << 16) >> 2
      minimum = 1 << 14
    default:
      let count = Int(first >> 2) + 4
      guard count <= 16 else { throw ScaleError(.limit, "a compact integer of \(count) bytes, 16 at most") }
      let start = try advance(count)
      var accumulated: UInt128 = 0
      for index in (0..<count).reversed() {
        accumulated = accumulated << 8 | UInt128(bytes[start + index])
      }
      value = accumulated
      minimum = count == 4 ? 1 << 30 : 1 << UInt128((count - 1) * 8)
    }
    guard value >= minimum else { throw ScaleError(.malformed, "a compact integer longer than it needs to be") }
    return value
  }

  /// A compact integer of up to 536 bits.
  public mutating func readBigCompact() throws(ScaleError) -> BigUInt {
    let start = offset
    let first = try readByte()
    let count = Int(first >> 2) + 4
    guard first & 3 == 3, count > 16 else {
      offset = start
      return BigUInt(try readCompact())
    }
    let magnitude = try readBytes(count)
    guard magnitude[count - 1] != 0 else {
      throw ScaleError(.malformed, "a compact integer longer than it needs to be")
    }
    return BigUInt(littleEndian: magnitude)
  }

  /// The number of elements of a sequence, each of which takes `elementSize` bytes or more.
  @inline(__always)
  public mutating func readCount(elementSize: Int) throws(ScaleError) -> Int {
    let claimed = try readCompact()
    let most = elementSize > 0 ? remaining / elementSize : limits.zeroSizedElements
    guard claimed <= UInt128(most) else {
      throw ScaleError(.limit, "\(claimed) elements claimed, \(most) at most can follow")
    }
    return Int(claimed)
  }

  /// Bytes behind their length.
  public mutating func readByteSequence() throws(ScaleError) -> [UInt8] {
    try readBytes(try readCount(elementSize: 1))
  }

  /// UTF-8 text behind its length in bytes. Text that is not UTF-8 is refused.
  public mutating func readString() throws(ScaleError) -> String {
    let count = try readCount(elementSize: 1)
    let start = try advance(count)
    guard
      let text = bytes.withUnsafeBufferPointer({ buffer in
        String(validating: UnsafeBufferPointer(rebasing: buffer[start..<start + count]), as: UTF8.self)
      })
    else { throw ScaleError(.malformed, "text that is not UTF-8") }
    return text
  }

  /// A sequence whose elements are read by `element`, each `elementSize` bytes or more.
  public mutating func readSequence<Element>(
    elementSize: Int = 1, _ element: (inout ScaleReader) throws(ScaleError) -> Element
  ) throws(ScaleError) -> [Element] {
    let count = try readCount(elementSize: elementSize)
    try spend(count)
    var elements: [Element] = []
    elements.reserveCapacity(count)
    for index in 0..<count {
      do { elements.append(try element(&self)) } catch { throw error.under("[\(index)]") }
    }
    return elements
  }

  /// An optional value: 0, or 1 and the value.
  public mutating func readOption<Wrapped>(
    _ wrapped: (inout ScaleReader) throws(ScaleError) -> Wrapped
  ) throws(ScaleError) -> Wrapped? {
    switch try readByte() {
    case 0: return nil
    case 1: return try wrapped(&self)
    case let byte: throw ScaleError(.malformed, "an option is 0 or 1, not \(byte)")
    }
  }
}

extension BigUInt {
  /// The number that `bytes` spell, least significant first.
  init(littleEndian bytes: some BidirectionalCollection<UInt8>) {
    self.init(words: [])
    for byte in bytes.reversed() { self = self << 8 | BigUInt(byte) }
  }

  /// The shortest little-endian spelling; empty for zero.
  var littleEndianBytes: [UInt8] {
    words.flatMap { word in (0..<UInt.bitWidth / 8).map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) } }
      .reversed().drop { $0 == 0 }.reversed()
  }
}
