import Substrate

/// A composite with named fields, declared by listing them once.
protocol RuntimeStruct: RuntimeValue {
  /// Module path and name in metadata.
  static var path: [String] { get }
  /// In the order of the wire.
  static var fields: [StructField<Self>] { get }
  /// What the runtime reads where nothing is stored.
  init()
}

/// One field of a ``RuntimeStruct``: its name in metadata and where its value is.
struct StructField<Root>: Sendable {
  let name: String
  let declare: @Sendable (inout TypeCatalog) -> TypeID
  let read: @Sendable (inout Root, inout ScaleReader) throws(ScaleError) -> Void
  let write: @Sendable (Root, inout ScaleWriter) -> Void

  init<Value: RuntimeValue>(_ name: String, _ place: any WritableKeyPath<Root, Value> & Sendable) {
    self.name = name
    declare = { Value.declare(in: &$0) }
    read = { (root: inout Root, reader: inout ScaleReader) throws(ScaleError) in
      root[keyPath: place] = try Value(from: &reader)
    }
    write = { root, writer in root[keyPath: place].encode(to: &writer) }
  }
}

extension RuntimeStruct {
  static func declare(in types: inout TypeCatalog) -> TypeID {
    types.add(path.joined(separator: "::")) { types in
      var declared: [PortableType.Field] = []
      for field in fields { declared.append(.init(field.name, field.declare(&types))) }
      return PortableType(path: path, .composite(declared))
    }
  }

  init(from reader: inout ScaleReader) throws(ScaleError) {
    self.init()
    for field in Self.fields { try field.read(&self, &reader) }
  }

  func encode(to writer: inout ScaleWriter) {
    for field in Self.fields { field.write(self, &writer) }
  }
}

/// An enum whose variants carry nothing. The raw value is the index on the wire; the case's name, its first letter
/// raised, the name in metadata.
protocol RuntimeEnum: RuntimeValue, CaseIterable, RawRepresentable where RawValue == UInt8 {
  static var path: [String] { get }
}

extension RuntimeEnum {
  static func declare(in types: inout TypeCatalog) -> TypeID {
    types.add(path.joined(separator: "::")) { _ in
      PortableType(
        path: path,
        .variant(
          allCases.map { each in
            let name = "\(each)"
            return .init(each.rawValue, name.prefix(1).uppercased() + name.dropFirst())
          }))
    }
  }
  init(from reader: inout ScaleReader) throws(ScaleError) {
    let index = try reader.readByte()
    guard let value = Self(rawValue: index) else {
      throw ScaleError(.malformed, "\(Self.path.last ?? "") has no variant \(index)")
    }
    self = value
  }
  func encode(to writer: inout ScaleWriter) { writer.write(rawValue) }
}
