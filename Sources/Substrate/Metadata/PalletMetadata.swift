/// What metadata says of one pallet.
public struct PalletMetadata: Sendable, Hashable {
  public let name: String
  /// The first byte of its calls, events and errors.
  public let index: UInt8
  public let storage: Storage?
  /// The enum of its calls, if it has any.
  public let calls: TypeID?
  public let events: TypeID?
  public let errors: TypeID?
  public let constants: [Constant]
  /// Empty in metadata V14.
  public let docs: [String]

  /// The storage items of a pallet under their common prefix.
  public struct Storage: Sendable, Hashable {
    /// Usually the pallet's name.
    public let prefix: String
    public let entries: [StorageEntry]

    public init(prefix: String, entries: [StorageEntry]) {
      self.prefix = prefix
      self.entries = entries
    }
  }

  /// One storage item: a single value, or a map.
  public struct StorageEntry: Sendable, Hashable {
    public let name: String
    public let modifier: Modifier
    /// One for each key, in order; empty for a single value.
    public let hashers: [StorageHasher]
    /// The key's type: of the one key, or a tuple of all; nil for a single value.
    public let key: TypeID?
    public let value: TypeID
    /// What the runtime reads where nothing is stored.
    public let fallback: [UInt8]
    public let docs: [String]

    /// What the runtime makes of an absent value.
    public enum Modifier: UInt8, Sendable { case optional, `default` }
  }

  public struct Constant: Sendable, Hashable {
    public let name: String
    public let type: TypeID
    public let value: [UInt8]
    public let docs: [String]
  }
}

extension PalletMetadata {
  init(from reader: inout ScaleReader, version: UInt8) throws(ScaleError) {
    let name = try reader.readString()
    self.name = name
    storage = try at(name) { () throws(ScaleError) in
      try reader.readOption { r throws(ScaleError) in try Storage(from: &r) }
    }
    calls = try reader.readOption { r throws(ScaleError) in try r.readTypeID() }
    events = try reader.readOption { r throws(ScaleError) in try r.readTypeID() }
    constants = try reader.readSequence(elementSize: 4) { r throws(ScaleError) in
      Constant(
        name: try r.readString(), type: try r.readTypeID(), value: try r.readByteSequence(),
        docs: try r.readStrings())
    }
    errors = try reader.readOption { r throws(ScaleError) in try r.readTypeID() }
    index = try reader.readByte()
    docs = version >= 15 ? try reader.readStrings() : []
  }

  func encode(to writer: inout ScaleWriter, version: UInt8) {
    writer.write(name)
    writer.write(option: storage) { $0.encode(to: &$1) }
    writer.write(option: calls) { $1.write(type: $0) }
    writer.write(option: events) { $1.write(type: $0) }
    writer.write(constants) { constant, writer in
      writer.write(constant.name)
      writer.write(type: constant.type)
      writer.write(sequence: constant.value)
      writer.write(strings: constant.docs)
    }
    writer.write(option: errors) { $1.write(type: $0) }
    writer.write(index)
    if version >= 15 { writer.write(strings: docs) }
  }
}

extension PalletMetadata.Storage {
  fileprivate init(from reader: inout ScaleReader) throws(ScaleError) {
    prefix = try reader.readString()
    entries = try reader.readSequence(elementSize: 6) { r throws(ScaleError) in
      try PalletMetadata.StorageEntry(from: &r)
    }
  }

  fileprivate func encode(to writer: inout ScaleWriter) {
    writer.write(prefix)
    writer.write(entries) { $0.encode(to: &$1) }
  }
}

extension PalletMetadata.StorageEntry {
  /// In the order of their numbers in metadata.
  private static let hasherNumbers: [StorageHasher] = [
    .blake2_128, .blake2_256, .blake2_128Concat, .twox128, .twox256, .twox64Concat, .identity,
  ]

  fileprivate init(from reader: inout ScaleReader) throws(ScaleError) {
    name = try reader.readString()
    guard let modifier = Modifier(rawValue: try reader.readByte()) else {
      throw ScaleError(.malformed, "\(name) has an unknown storage modifier")
    }
    self.modifier = modifier
    switch try reader.readByte() {
    case 0:
      hashers = []
      key = nil
    case 1:
      hashers = try reader.readSequence { r throws(ScaleError) in
        let number = Int(try r.readByte())
        guard number < Self.hasherNumbers.count else {
          throw ScaleError(.malformed, "no storage hasher has the number \(number)")
        }
        return Self.hasherNumbers[number]
      }
      key = try reader.readTypeID()
    case let kind: throw ScaleError(.malformed, "\(name) has the unknown storage kind \(kind)")
    }
    value = try reader.readTypeID()
    fallback = try reader.readByteSequence()
    docs = try reader.readStrings()
  }

  fileprivate func encode(to writer: inout ScaleWriter) {
    writer.write(name)
    writer.write(modifier.rawValue)
    writer.write(UInt8(key == nil ? 0 : 1))
    if let key {
      writer.write(hashers) { $1.write(UInt8(Self.hasherNumbers.firstIndex(of: $0) ?? 0)) }
      writer.write(type: key)
    }
    writer.write(type: value)
    writer.write(sequence: fallback)
    writer.write(strings: docs)
  }
}
