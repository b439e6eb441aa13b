private import BigInt

/// Encoding takes what `decode` gives, and looser forms that a person or JSON would write: integers as
/// decimal text, bytes as hex text, a variant as its name, an option as the bare value, a composite with
/// one field as that field.
extension TypeRegistry {
  /// The bytes of `value` as type `id`.
  ///
  /// - Throws: ``ScaleError`` with the path to the part that does not fit and the type it should have.
  public func encode(_ value: ScaleValue, as id: TypeID) throws(ScaleError) -> [UInt8] {
    var writer = ScaleWriter()
    try encode(value, as: id, to: &writer)
    return writer.bytes
  }

  public func encode(
    _ value: ScaleValue, as id: TypeID, to writer: inout ScaleWriter
  ) throws(ScaleError) {
    try encode(value, as: id, to: &writer, depth: 0)
  }

  private func mismatch(_ value: ScaleValue, _ id: TypeID) -> ScaleError {
    ScaleError(.mismatch, "\(name(of: id)) expected, \(value.kind) given")
  }

  private func encode(
    _ value: ScaleValue, as id: TypeID, to writer: inout ScaleWriter, depth: Int
  ) throws(ScaleError) {
    guard depth < ScaleLimits.standard.depth else {
      throw ScaleError(.limit, "values nest deeper than \(ScaleLimits.standard.depth) levels")
    }
    let type = try type(id)
    switch type.definition {
    case .primitive(let primitive): try encode(value, as: primitive, id, to: &writer)
    case .compact(let wrapped):
      guard let width = try compactWidth(of: wrapped) else { return }
      guard let number = value.magnitude, number.bitWidth <= width else { throw mismatch(value, id) }
      try writer.write(compact: number)
    case .composite(let fields):
      if let key = mapKey(of: type) {
        return try encodeSorted(value, type, id, by: key, to: &writer, depth: depth)
      }
      do { try encode(value, fields: fields, of: id, to: &writer, depth: depth) } catch {
        // A wrapper that does not fit is named itself, not by what it wraps.
        throw error.kind == .mismatch && error.path.isEmpty && fields.first?.name == nil && fields.count == 1
          ? mismatch(value, id) : error
      }
    case .variant:
      if type.path == ["Option"] { return try encodeOption(value, type, to: &writer, depth: depth) }
      try encodeVariant(value, type, id, to: &writer, depth: depth)
    case .sequence(let element):
      if isByte(element) {
        guard let bytes = value.looseBytes(text: true) else { throw mismatch(value, id) }
        return writer.write(sequence: bytes)
      }
      guard let elements = value.looseElements else { throw mismatch(value, id) }
      writer.write(compact: elements.count)
      try encode(elements, as: element, to: &writer, depth: depth)
    case .array(let count, let element):
      if isByte(element) {
        guard let bytes = value.looseBytes(text: false), bytes.count == Int(count) else {
          throw mismatch(value, id)
        }
        return writer.write(raw: bytes)
      }
      guard let elements = value.looseElements, elements.count == Int(count) else { throw mismatch(value, id) }
      try encode(elements, as: element, to: &writer, depth: depth)
    case .tuple(let types):
      if types.isEmpty { return }
      guard let elements = value.looseElements, elements.count == types.count else { throw mismatch(value, id) }
      for (index, (element, type)) in zip(elements, types).enumerated() {
        try at("\(index)") { () throws(ScaleError) in
          try encode(element, as: type, to: &writer, depth: depth + 1)
        }
      }
    case .bitSequence(let store, let order):
      guard case .bits(let bits) = value else { throw mismatch(value, id) }
      let (width, order) = try bitLayout(store: store, order: order)
      bits.encode(to: &writer, width: width, order: order)
    }
  }

  private func encode(
    _ elements: [ScaleValue], as element: TypeID, to writer: inout ScaleWriter, depth: Int
  ) throws(ScaleError) {
    for (index, value) in elements.enumerated() {
      try at("[\(index)]") { () throws(ScaleError) in
        try encode(value, as: element, to: &writer, depth: depth + 1)
      }
    }
  }

  private func encode(
    _ value: ScaleValue, as primitive: PortableType.Primitive, _ id: TypeID, to writer: inout ScaleWriter
  ) throws(ScaleError) {
    func fixed<Integer: FixedWidthInteger>(_: Integer.Type) throws(ScaleError) -> Integer {
      guard let number = value.looseInteger, let fixed = number.exactly(Integer.self) else {
        throw mismatch(value, id)
      }
      return fixed
    }
    switch primitive {
    case .bool:
      guard case .bool(let bool) = value else { throw mismatch(value, id) }
      writer.write(bool)
    case .char:
      guard let scalar = value.looseScalar else { throw mismatch(value, id) }
      writer.write(scalar.value)
    case .str:
      guard case .text(let text) = value else { throw mismatch(value, id) }
      writer.write(text)
    case .u8: writer.write(try fixed(UInt8.self))
    case .u16: writer.write(try fixed(UInt16.self))
    case .u32: writer.write(try fixed(UInt32.self))
    case .u64: writer.write(try fixed(UInt64.self))
    case .u128: writer.write(try fixed(UInt128.self))
    case .i8: writer.write(try fixed(Int8.self))
    case .i16: writer.write(try fixed(Int16.self))
    case .i32: writer.write(try fixed(Int32.self))
    case .i64: writer.write(try fixed(Int64.self))
    case .i128: writer.write(try fixed(Int128.self))
    case .u256, .i256:
      let modulus = BigInt(1) << 256
      let range = primitive == .u256 ? 0..<modulus : -(modulus >> 1)..<modulus >> 1
      guard let number = value.looseInteger, range.contains(number) else { throw mismatch(value, id) }
      let bytes = BigUInt(number < 0 ? number + modulus : number).littleEndianBytes
      writer.write(raw: bytes + [UInt8](repeating: 0, count: 32 - bytes.count))
    }
  }

  private func encode(
    _ value: ScaleValue, fields: [PortableType.Field], of id: TypeID, to writer: inout ScaleWriter, depth: Int
  ) throws(ScaleError) {
    guard let first = fields.first else { return }
    guard first.name != nil else {
      let parts = fields.count == 1 ? [value] : value.looseElements
      guard let parts, parts.count == fields.count else { throw mismatch(value, id) }
      for (index, (part, field)) in zip(parts, fields).enumerated() {
        try at(fields.count == 1 ? nil : "\(index)") { () throws(ScaleError) in
          try encode(part, as: field.type, to: &writer, depth: depth + 1)
        }
      }
      return
    }
    guard case .fields(let given) = value else { throw mismatch(value, id) }
    for field in given where !fields.contains(where: { $0.name == field.name }) {
      throw ScaleError(
        .mismatch,
        "no field named \(field.name); \(name(of: id)) has \(fields.compactMap(\.name).joined(separator: ", "))")
    }
    for field in fields {
      let name = field.name ?? ""
      guard let part = value.field(ifPresent: name) else {
        throw ScaleError(.mismatch, "the field \(name): \(self.name(of: field.type)) is missing")
      }
      try at(name) { () throws(ScaleError) in
        try encode(part, as: field.type, to: &writer, depth: depth + 1)
      }
    }
  }

  private func encodeOption(
    _ value: ScaleValue, _ type: PortableType, to writer: inout ScaleWriter, depth: Int
  ) throws(ScaleError) {
    guard let wrapped = type.variant(index: 1)?.fields.first?.type else {
      throw ScaleError(.unknownType, "an Option without a type")
    }
    switch value {
    case .option(nil): writer.write(UInt8(0))
    case .option(let some?):
      writer.write(UInt8(1))
      try encode(some, as: wrapped, to: &writer, depth: depth + 1)
    default:
      writer.write(UInt8(1))
      try encode(value, as: wrapped, to: &writer, depth: depth + 1)
    }
  }

  private func encodeVariant(
    _ value: ScaleValue, _ type: PortableType, _ id: TypeID, to writer: inout ScaleWriter, depth: Int
  ) throws(ScaleError) {
    let given: ScaleValue.Variant
    switch value {
    case .variant(let variant): given = variant
    case .text(let name): given = ScaleValue.Variant(name)
    case .fields(let fields) where fields.count == 1:
      given = ScaleValue.Variant(fields[0].name, fields[0].value)
    default: throw mismatch(value, id)
    }
    guard let variant = type.variant(named: given.name) else {
      let known = type.variants.map(\.name)
      throw ScaleError(
        .mismatch,
        "\(name(of: id)) has no variant \(given.name); it has \(known.prefix(12).joined(separator: ", "))"
          + (known.count > 12 ? " and \(known.count - 12) more" : ""))
    }
    writer.write(variant.index)
    try at(variant.name) { () throws(ScaleError) in
      try encode(given.value, fields: variant.fields, of: id, to: &writer, depth: depth + 1)
    }
  }
}

/// Maps and sets, whose keys the chain wants sorted and without repeats.
extension TypeRegistry {
  /// The type of the keys if `type` is a `BTreeMap` or `BTreeSet`.
  private func mapKey(of type: PortableType) -> TypeID? {
    guard let name = type.path.last, name.hasSuffix("BTreeMap") || name.hasSuffix("BTreeSet") else { return nil }
    return type.parameters.first?.type
  }

  private func encodeSorted(
    _ value: ScaleValue, _ type: PortableType, _ id: TypeID, by key: TypeID, to writer: inout ScaleWriter,
    depth: Int
  ) throws(ScaleError) {
    guard let elements = value.looseElements, let element = try elementType(of: type) else {
      throw mismatch(value, id)
    }
    let isMap = type.path.last?.hasSuffix("BTreeMap") == true
    var entries: [(key: ScaleValue, bytes: [UInt8])] = []
    for (index, part) in elements.enumerated() {
      entries.append(
        try at("[\(index)]") { () throws(ScaleError) in
          var own = ScaleWriter()
          try encode(part, as: element, to: &own, depth: depth + 1)
          let canonical = try decode(own.bytes, as: element)
          return (isMap ? try canonical.elements().first ?? .unit : canonical, own.bytes)
        })
    }
    entries.sort { ScaleValue.precedes($0.key, $1.key) }
    for (first, second) in zip(entries, entries.dropFirst()) where first.key == second.key {
      throw ScaleError(.mismatch, "a key appears twice in \(name(of: id))")
    }
    writer.write(compact: entries.count)
    for entry in entries { writer.write(raw: entry.bytes) }
  }

  /// The type of the pairs of a map or of the members of a set, behind their wrappers.
  private func elementType(of type: PortableType) throws(ScaleError) -> TypeID? {
    var type = type
    for _ in 0..<4 {
      switch type.definition {
      case .composite(let fields) where fields.count == 1: type = try self.type(fields[0].type)
      case .sequence(let element): return element
      default: return nil
      }
    }
    return nil
  }
}

extension BigInt {
  /// The number as a fixed-width integer of up to 128 bits, or nil if it does not fit.
  ///
  /// Goes by the magnitude: the library's own conversion of negative numbers loses the carry between words.
  fileprivate func exactly<Integer: FixedWidthInteger>(_: Integer.Type) -> Integer? {
    guard magnitude.bitWidth <= 128 else { return nil }
    let unsigned = UInt128(magnitude)
    if sign == .plus || unsigned == 0 { return Integer(exactly: unsigned) }
    let lowest = Int128.min.magnitude
    guard unsigned <= lowest else { return nil }
    return Integer(exactly: unsigned == lowest ? .min : -Int128(unsigned))
  }
}

/// What loosely written values may mean.
extension ScaleValue {
  fileprivate var looseInteger: BigInt? {
    switch self {
    case .unsigned(let value): BigInt(value)
    case .signed(let value): BigInt(sign: value < 0 ? .minus : .plus, magnitude: BigUInt(value.magnitude))
    case .big(let value): BigInt(value)
    case .bigSigned(let value): value
    // 78 digits hold 256 bits; more would only burn time.
    case .text(let text) where text.utf8.count <= 80: BigInt(text)
    default: nil
    }
  }

  fileprivate var magnitude: BigUInt? {
    switch self {
    case .tuple(let elements) where elements.count == 1: elements[0].magnitude
    case .fields(let fields) where fields.count == 1: fields[0].value.magnitude
    default: looseInteger.flatMap { $0 < 0 ? nil : $0.magnitude }
    }
  }

  fileprivate var looseScalar: Unicode.Scalar? {
    switch self {
    case .character(let scalar): scalar
    case .text(let text) where text.unicodeScalars.count == 1: text.unicodeScalars.first
    default: nil
    }
  }

  fileprivate func looseBytes(text allowsText: Bool) -> [UInt8]? {
    switch self {
    case .bytes(let bytes): return bytes
    case .text(let text):
      if text.hasPrefix("0x") { return Hex.decode(text) }
      return allowsText ? Array(text.utf8) : nil
    case .sequence(let elements), .tuple(let elements):
      let bytes = elements.compactMap { try? $0.integer(as: UInt8.self) }
      return bytes.count == elements.count ? bytes : nil
    default: return nil
    }
  }

  fileprivate var looseElements: [ScaleValue]? {
    switch self {
    case .sequence(let elements), .tuple(let elements): elements
    // A JSON object stands for a map from text.
    case .fields(let fields): fields.map { .tuple([.text($0.name), $0.value]) }
    default: nil
    }
  }
}

/// As ``at(_:_:)-swift.function``, where a step may be missing.
private func at(_ step: String?, _ body: () throws(ScaleError) -> Void) throws(ScaleError) {
  do { try body() } catch { throw step.map { error.under($0) } ?? error }
}
