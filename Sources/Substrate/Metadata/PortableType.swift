/// The number of a type in the registry of one metadata.
public typealias TypeID = UInt32

/// One type of the registry: what a value looks like on the wire.
///
/// Source: `scale-info`'s `PortableType`, the same in metadata V14 and V15.
public struct PortableType: Sendable, Hashable {
  /// Module path and name; empty for built-in types.
  public let path: [String]
  public let parameters: [Parameter]
  public let definition: Definition
  public let docs: [String]

  public struct Parameter: Sendable, Hashable {
    public let name: String
    public let type: TypeID?
  }

  public struct Field: Sendable, Hashable {
    public let name: String?
    public let type: TypeID
    /// The spelling in the source, such as `BalanceOf<T>`.
    public let typeName: String?
    public let docs: [String]
  }

  public struct Variant: Sendable, Hashable {
    public let name: String
    public let fields: [Field]
    public let index: UInt8
    public let docs: [String]
  }

  public enum Primitive: UInt8, Sendable, CaseIterable {
    case bool, char, str, u8, u16, u32, u64, u128, u256, i8, i16, i32, i64, i128, i256
  }

  public enum Definition: Sendable, Hashable {
    case composite([Field])
    case variant([Variant])
    case sequence(TypeID)
    case array(count: UInt32, TypeID)
    case tuple([TypeID])
    case primitive(Primitive)
    case compact(TypeID)
    case bitSequence(store: TypeID, order: TypeID)
  }

  /// The variants of an enum; empty for other types.
  public var variants: [Variant] {
    if case .variant(let variants) = definition { variants } else { [] }
  }

  func variant(index: UInt8) -> Variant? {
    guard case .variant(let variants) = definition else { return nil }
    if Int(index) < variants.count, variants[Int(index)].index == index { return variants[Int(index)] }
    return variants.first { $0.index == index }
  }

  func variant(named name: String) -> Variant? {
    variants.first { $0.name == name }
  }
}

extension PortableType {
  init(from reader: inout ScaleReader) throws(ScaleError) {
    path = try reader.readStrings()
    parameters = try reader.readSequence(elementSize: 2) { r throws(ScaleError) in
      Parameter(
        name: try r.readString(),
        type: try r.readOption { r throws(ScaleError) in try r.readTypeID() })
    }
    definition = try Definition(from: &reader)
    docs = try reader.readStrings()
  }

  func encode(to writer: inout ScaleWriter) {
    writer.write(strings: path)
    writer.write(parameters) { parameter, writer in
      writer.write(parameter.name)
      writer.write(option: parameter.type) { $1.write(type: $0) }
    }
    definition.encode(to: &writer)
    writer.write(strings: docs)
  }
}

extension PortableType.Definition {
  init(from reader: inout ScaleReader) throws(ScaleError) {
    switch try reader.readByte() {
    case 0: self = .composite(try PortableType.Field.readAll(from: &reader))
    case 1:
      self = .variant(
        try reader.readSequence(elementSize: 4) { r throws(ScaleError) in
          PortableType.Variant(
            name: try r.readString(), fields: try PortableType.Field.readAll(from: &r),
            index: try r.readByte(), docs: try r.readStrings())
        })
    case 2: self = .sequence(try reader.readTypeID())
    case 3: self = .array(count: try reader.readInteger(), try reader.readTypeID())
    case 4: self = .tuple(try reader.readSequence { r throws(ScaleError) in try r.readTypeID() })
    case 5:
      let tag = try reader.readByte()
      guard let primitive = PortableType.Primitive(rawValue: tag) else {
        throw ScaleError(.malformed, "no primitive type has the number \(tag)")
      }
      self = .primitive(primitive)
    case 6: self = .compact(try reader.readTypeID())
    case 7: self = .bitSequence(store: try reader.readTypeID(), order: try reader.readTypeID())
    case let tag: throw ScaleError(.malformed, "no kind of type has the number \(tag)")
    }
  }

  func encode(to writer: inout ScaleWriter) {
    switch self {
    case .composite(let fields):
      writer.write(UInt8(0))
      PortableType.Field.write(fields, to: &writer)
    case .variant(let variants):
      writer.write(UInt8(1))
      writer.write(variants) { variant, writer in
        writer.write(variant.name)
        PortableType.Field.write(variant.fields, to: &writer)
        writer.write(variant.index)
        writer.write(strings: variant.docs)
      }
    case .sequence(let type):
      writer.write(UInt8(2))
      writer.write(type: type)
    case .array(let count, let type):
      writer.write(UInt8(3))
      writer.write(count)
      writer.write(type: type)
    case .tuple(let types):
      writer.write(UInt8(4))
      writer.write(types) { $1.write(type: $0) }
    case .primitive(let primitive):
      writer.write(UInt8(5))
      writer.write(primitive.rawValue)
    case .compact(let type):
      writer.write(UInt8(6))
      writer.write(type: type)
    case .bitSequence(let store, let order):
      writer.write(UInt8(7))
      writer.write(type: store)
      writer.write(type: order)
    }
  }
}

extension PortableType.Field {
  fileprivate static func readAll(from reader: inout ScaleReader) throws(ScaleError) -> [Self] {
    try reader.readSequence(elementSize: 4) { r throws(ScaleError) in
      Self(
        name: try r.readOption { r throws(ScaleError) in try r.readString() },
        type: try r.readTypeID(),
        typeName: try r.readOption { r throws(ScaleError) in try r.readString() },
        docs: try r.readStrings())
    }
  }

  fileprivate static func write(_ fields: [Self], to writer: inout ScaleWriter) {
    writer.write(fields) { field, writer in
      writer.write(option: field.name) { $1.write($0) }
      writer.write(type: field.type)
      writer.write(option: field.typeName) { $1.write($0) }
      writer.write(strings: field.docs)
    }
  }
}

extension ScaleReader {
  mutating func readTypeID() throws(ScaleError) -> TypeID {
    let id = try readCompact()
    guard let id = TypeID(exactly: id) else { throw ScaleError(.malformed, "\(id) is not a type id") }
    return id
  }

  mutating func readStrings() throws(ScaleError) -> [String] {
    try readSequence { r throws(ScaleError) in try r.readString() }
  }
}

extension ScaleWriter {
  mutating func write(type: TypeID) { write(compact: UInt128(type)) }

  mutating func write(strings: [String]) {
    write(strings) { $1.write($0) }
  }
}
