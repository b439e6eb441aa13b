private import BigInt

extension TypeRegistry {
  /// Decodes one value of type `id` that fills `bytes` to the end.
  public func decode(
    _ bytes: [UInt8], as id: TypeID, limits: ScaleLimits = .standard
  ) throws(ScaleError) -> ScaleValue {
    var reader = ScaleReader(bytes, limits: limits)
    let value = try decode(id, from: &reader)
    try reader.finish()
    return value
  }

  /// Decodes the next value, which is of type `id`.
  public func decode(_ id: TypeID, from reader: inout ScaleReader) throws(ScaleError) -> ScaleValue {
    try reader.spend(1)
    return try reader.nested { reader throws(ScaleError) in
      let type = try self.type(id)
      switch type.definition {
      case .primitive(let primitive): return try Self.decode(primitive, from: &reader)
      case .compact(let wrapped): return try decodeCompact(wrapped, from: &reader)
      case .composite(let fields): return try decode(fields: fields, from: &reader)
      case .variant(let variants):
        return type.path == ["Option"]
          ? try decodeOption(variants, from: &reader) : try decodeVariant(type, id, from: &reader)
      case .sequence(let element):
        if isByte(element) { return .bytes(try reader.readByteSequence()) }
        let count = try reader.readCount(elementSize: minimumSize(of: element))
        return .sequence(try decode(count, of: element, from: &reader))
      case .array(let count, let element):
        if isByte(element) { return .bytes(try reader.readBytes(Int(count))) }
        return .sequence(try decode(Int(count), of: element, from: &reader))
      case .tuple(let elements):
        if elements.isEmpty { return .unit }
        return .tuple(
          try Self.collect(elements, name: { "\($0)" }) { element throws(ScaleError) in
            try decode(element, from: &reader)
          })
      case .bitSequence(let store, let order):
        let (width, order) = try bitLayout(store: store, order: order)
        return .bits(try BitSequence(from: &reader, width: width, order: order))
      }
    }
  }

  private static func decode(
    _ primitive: PortableType.Primitive, from reader: inout ScaleReader
  ) throws(ScaleError) -> ScaleValue {
    switch primitive {
    case .bool: return .bool(try reader.readBool())
    case .char:
      let code: UInt32 = try reader.readInteger()
      guard let scalar = Unicode.Scalar(code) else { throw ScaleError(.malformed, "\(code) is no character") }
      return .character(scalar)
    case .str: return .text(try reader.readString())
    case .u8: return .unsigned(UInt128(try reader.readByte()))
    case .u16: return .unsigned(UInt128(try reader.readInteger(as: UInt16.self)))
    case .u32: return .unsigned(UInt128(try reader.readInteger(as: UInt32.self)))
    case .u64: return .unsigned(UInt128(try reader.readInteger(as: UInt64.self)))
    case .u128: return .unsigned(try reader.readInteger())
    case .u256: return .big(BigUInt(littleEndian: try reader.readBytes(32)))
    case .i8: return .signed(Int128(try reader.readInteger(as: Int8.self)))
    case .i16: return .signed(Int128(try reader.readInteger(as: Int16.self)))
    case .i32: return .signed(Int128(try reader.readInteger(as: Int32.self)))
    case .i64: return .signed(Int128(try reader.readInteger(as: Int64.self)))
    case .i128: return .signed(try reader.readInteger())
    case .i256:
      let magnitude = BigInt(BigUInt(littleEndian: try reader.readBytes(32)))
      return .bigSigned(magnitude >> 255 == 0 ? magnitude : magnitude - BigInt(1) << 256)
    }
  }

  /// `count` values of one type; integers take a path without a step per element.
  private func decode(
    _ count: Int, of element: TypeID, from reader: inout ScaleReader
  ) throws(ScaleError) -> [ScaleValue] {
    try reader.spend(count)
    if case .primitive(let primitive) = try type(element).definition {
      switch primitive {
      case .u16: return try reader.readIntegers(count, as: UInt16.self).map { .unsigned(UInt128($0)) }
      case .u32: return try reader.readIntegers(count, as: UInt32.self).map { .unsigned(UInt128($0)) }
      case .u64: return try reader.readIntegers(count, as: UInt64.self).map { .unsigned(UInt128($0)) }
      case .u128: return try reader.readIntegers(count, as: UInt128.self).map { .unsigned($0) }
      default: break
      }
    }
    var values: [ScaleValue] = []
    values.reserveCapacity(min(count, reader.remaining))
    for index in 0..<count {
      do { values.append(try decode(element, from: &reader)) } catch { throw error.under("[\(index)]") }
    }
    return values
  }

  private func decode(
    fields: [PortableType.Field], from reader: inout ScaleReader
  ) throws(ScaleError) -> ScaleValue {
    guard let first = fields.first else { return .unit }
    if first.name == nil, fields.count == 1 { return try decode(first.type, from: &reader) }
    if first.name == nil {
      return .tuple(
        try Self.collect(fields, name: { "\($0)" }) { field throws(ScaleError) in
          try decode(field.type, from: &reader)
        })
    }
    return .fields(
      try Self.collect(fields, name: { fields[$0].name ?? "\($0)" }) { field throws(ScaleError) in
        ScaleValue.Field(field.name ?? "", try decode(field.type, from: &reader))
      })
  }

  private func decodeOption(
    _ variants: [PortableType.Variant], from reader: inout ScaleReader
  ) throws(ScaleError) -> ScaleValue {
    .option(
      try reader.readOption { reader throws(ScaleError) in
        guard let wrapped = variants.first(where: { $0.index == 1 })?.fields.first else {
          throw ScaleError(.unknownType, "an Option without a type")
        }
        return try decode(wrapped.type, from: &reader)
      })
  }

  private func decodeVariant(
    _ type: PortableType, _ id: TypeID, from reader: inout ScaleReader
  ) throws(ScaleError) -> ScaleValue {
    let index = try reader.readByte()
    guard let variant = type.variant(index: index) else {
      throw ScaleError(.malformed, "\(name(of: id)) has no variant \(index)")
    }
    let value = try at(variant.name) { () throws(ScaleError) in
      try decode(fields: variant.fields, from: &reader)
    }
    return .variant(ScaleValue.Variant(variant.name, value, index: index))
  }

  /// A compact number, or a wrapper around one.
  private func decodeCompact(_ id: TypeID, from reader: inout ScaleReader) throws(ScaleError) -> ScaleValue {
    guard let width = try compactWidth(of: id) else { return .unit }
    let value = try reader.readBigCompact()
    guard value.bitWidth <= width else { throw ScaleError(.malformed, "\(value) does not fit \(width) bits") }
    return value.bitWidth <= 128 ? .unsigned(UInt128(value)) : .big(value)
  }

  private static func collect<Element, Value>(
    _ elements: [Element], name: (Int) -> String, _ body: (Element) throws(ScaleError) -> Value
  ) throws(ScaleError) -> [Value] {
    var values: [Value] = []
    values.reserveCapacity(elements.count)
    for (index, element) in elements.enumerated() {
      do { values.append(try body(element)) } catch { throw error.under(name(index)) }
    }
    return values
  }
}

/// Facts about the layout of types.
extension TypeRegistry {
  func isByte(_ id: TypeID) -> Bool {
    Int(id) < types.count && types[Int(id)].definition == .primitive(.u8)
  }

  /// The number of bits of the integer behind `Compact<T>`; nil for a type without content.
  func compactWidth(of id: TypeID) throws(ScaleError) -> Int? {
    var id = id
    for _ in 0..<16 {
      switch try type(id).definition {
      case .primitive(.u8): return 8
      case .primitive(.u16): return 16
      case .primitive(.u32): return 32
      case .primitive(.u64): return 64
      case .primitive(.u128): return 128
      case .primitive(.u256): return 256
      case .tuple(let elements) where elements.isEmpty: return nil
      case .composite(let fields) where fields.isEmpty: return nil
      case .composite(let fields) where fields.count == 1: id = fields[0].type
      case .tuple(let elements) where elements.count == 1: id = elements[0]
      default: throw ScaleError(.unknownType, "\(name(of: id)) can't be compact")
      }
    }
    throw ScaleError(.limit, "a compact type nested too deep")
  }

  func minimumSize(of id: TypeID) -> Int {
    Int(id) < minimumSizes.count ? minimumSizes[Int(id)] : 0
  }

  func bitLayout(store: TypeID, order: TypeID) throws(ScaleError) -> (width: Int, order: BitSequence.Order) {
    let width =
      switch try type(store).definition {
      case .primitive(.u8): 8
      case .primitive(.u16): 16
      case .primitive(.u32): 32
      case .primitive(.u64): 64
      default: throw ScaleError(.unknownType, "\(name(of: store)) can't hold bits")
      }
    switch try type(order).path.last {
    case "Lsb0": return (width, .leastSignificantFirst)
    case "Msb0": return (width, .mostSignificantFirst)
    default: throw ScaleError(.unknownType, "\(name(of: order)) is no order of bits")
    }
  }
}
