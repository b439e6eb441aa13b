import Substrate

/// What a call may take: a type that is described in metadata and read from bytes.
protocol RuntimeArgument: Sendable {
  /// Its type in metadata.
  static func declare(in types: inout TypeCatalog) -> TypeID
  init(from reader: inout ScaleReader) throws(ScaleError)
}

/// A value of the runtime: how it is written, read, and described in metadata, all from one declaration.
protocol RuntimeValue: RuntimeArgument {
  func encode(to writer: inout ScaleWriter)
}

extension RuntimeValue {
  var encoded: [UInt8] {
    var writer = ScaleWriter()
    encode(to: &writer)
    return writer.bytes
  }

  /// Reads a value that fills `bytes` to the end.
  init(encoded bytes: [UInt8]) throws(ScaleError) {
    var reader = ScaleReader(bytes)
    self = try Self(from: &reader)
    try reader.finish()
  }
}

/// A value that keys of storage maps are made of.
protocol RuntimeKey: RuntimeValue, Hashable {
  /// How the chain hashes keys of this type unless an item says otherwise.
  static var hasher: StorageHasher { get }
}

extension RuntimeKey {
  static var hasher: StorageHasher { .blake2_128Concat }
}

// MARK: Numbers

protocol RuntimeInteger: RuntimeValue, FixedWidthInteger {
  static var primitive: PortableType.Primitive { get }
}

extension RuntimeInteger {
  static func declare(in types: inout TypeCatalog) -> TypeID {
    types.add("\(primitive)") { _ in PortableType(path: [], .primitive(primitive)) }
  }
  init(from reader: inout ScaleReader) throws(ScaleError) { self = try reader.readInteger() }
  func encode(to writer: inout ScaleWriter) { writer.write(self) }
}

extension UInt8: RuntimeInteger { static var primitive: PortableType.Primitive { .u8 } }
extension UInt16: RuntimeInteger { static var primitive: PortableType.Primitive { .u16 } }
extension UInt64: RuntimeInteger { static var primitive: PortableType.Primitive { .u64 } }
extension UInt128: RuntimeInteger { static var primitive: PortableType.Primitive { .u128 } }
extension Int128: RuntimeInteger { static var primitive: PortableType.Primitive { .i128 } }
extension UInt32: RuntimeInteger, RuntimeKey {
  static var primitive: PortableType.Primitive { .u32 }
  /// Ids are dense and given by the chain, so nobody can choose them.
  static var hasher: StorageHasher { .identity }
}

extension Bool: RuntimeValue {
  static func declare(in types: inout TypeCatalog) -> TypeID {
    types.add("bool") { _ in PortableType(path: [], .primitive(.bool)) }
  }
  init(from reader: inout ScaleReader) throws(ScaleError) { self = try reader.readBool() }
  func encode(to writer: inout ScaleWriter) { writer.write(self) }
}

/// A number in as few bytes as it needs.
struct Compact<Number: RuntimeInteger & UnsignedInteger>: RuntimeValue {
  var value: Number

  init(_ value: Number) { self.value = value }

  static func declare(in types: inout TypeCatalog) -> TypeID {
    types.add("Compact<\(Number.primitive)>") { PortableType(path: [], .compact(Number.declare(in: &$0))) }
  }
  init(from reader: inout ScaleReader) throws(ScaleError) {
    let read = try reader.readCompact()
    guard let value = Number(exactly: read) else { throw ScaleError(.malformed, "\(read) does not fit \(Number.self)") }
    self.value = value
  }
  func encode(to writer: inout ScaleWriter) { writer.write(compact: UInt128(value)) }
}

// MARK: Accounts and hashes

extension AccountID: RuntimeKey {
  static let zero = AccountID(hash: [])

  static func declare(in types: inout TypeCatalog) -> TypeID {
    types.add("AccountId20") {
      PortableType(path: ["fp_account", "AccountId20"], .composite([.init(nil, $0.bytes(20))]))
    }
  }
  init(from reader: inout ScaleReader) throws(ScaleError) {
    self.init(hash: try reader.readBytes(Self.length))
  }
  func encode(to writer: inout ScaleWriter) { writer.write(raw: bytes) }
}

/// A 32-byte hash.
struct H256: RuntimeKey {
  var bytes: [UInt8]

  /// Bytes beyond the 32nd are cut, missing ones are zero.
  init(_ bytes: [UInt8]) {
    self.bytes = Array(bytes.prefix(32)) + [UInt8](repeating: 0, count: max(0, 32 - bytes.count))
  }

  static let zero = H256([])

  static func declare(in types: inout TypeCatalog) -> TypeID {
    types.add("H256") {
      PortableType(path: ["primitive_types", "H256"], .composite([.init(nil, $0.bytes(32))]))
    }
  }
  init(from reader: inout ScaleReader) throws(ScaleError) { bytes = try reader.readBytes(32) }
  func encode(to writer: inout ScaleWriter) { writer.write(raw: bytes) }
}
