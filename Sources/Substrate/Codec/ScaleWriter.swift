public import BigInt

/// Writes SCALE values one after the other.
public struct ScaleWriter {
  /// What has been written.
  public private(set) var bytes: [UInt8] = []

  public init(reserving capacity: Int = 0) {
    bytes.reserveCapacity(capacity)
  }

  public mutating func write(_ byte: UInt8) {
    bytes.append(byte)
  }

  /// Bytes as they are, without a length.
  public mutating func write(raw: some Collection<UInt8>) {
    bytes.append(contentsOf: raw)
  }

  public mutating func write(_ bool: Bool) {
    bytes.append(bool ? 1 : 0)
  }

  /// An integer, little-endian, in its type's width.
  public mutating func write<Integer: FixedWidthInteger>(_ integer: Integer) {
    withUnsafeBytes(of: integer.littleEndian) { bytes.append(contentsOf: $0) }
  }

  /// A compact integer in its shortest form.
  public mutating func write(compact value: UInt128) {
    switch value {
    case ..<(1 << 6): write(UInt8(value) << 2)
    case ..<(1 << 14): write(UInt16(value) << 2 | 1)
    case ..<(1 << 30): write(UInt32(value) << 2 | 2)
    default:
      let count = max(4, (128 - value.leadingZeroBitCount + 7) / 8)
      write(UInt8(count - 4) << 2 | 3)
      for index in 0..<count { write(UInt8(truncatingIfNeeded: value >> UInt128(index * 8))) }
    }
  }

  public mutating func write(compact value: Int) {
    write(compact: UInt128(clamping: value))
  }

  /// A compact integer of up to 536 bits.
  public mutating func write(compact value: BigUInt) throws(ScaleError) {
    let magnitude = value.littleEndianBytes
    if magnitude.count <= 16 { return write(compact: UInt128(value)) }
    guard magnitude.count <= 67 else { throw ScaleError(.mismatch, "a compact integer holds 536 bits at most") }
    write(UInt8(magnitude.count - 4) << 2 | 3)
    write(raw: magnitude)
  }

  /// Bytes behind their length.
  public mutating func write(sequence: some Collection<UInt8>) {
    write(compact: sequence.count)
    write(raw: sequence)
  }

  public mutating func write(_ text: String) {
    write(sequence: text.utf8)
  }

  /// A sequence whose elements `element` writes.
  public mutating func write<Elements: Collection>(
    _ elements: Elements, _ element: (Elements.Element, inout ScaleWriter) -> Void
  ) {
    write(compact: elements.count)
    for value in elements { element(value, &self) }
  }

  /// 0 for nil, or 1 and the value.
  public mutating func write<Wrapped>(
    option: Wrapped?, _ wrapped: (Wrapped, inout ScaleWriter) -> Void
  ) {
    write(option != nil)
    if let option { wrapped(option, &self) }
  }
}
