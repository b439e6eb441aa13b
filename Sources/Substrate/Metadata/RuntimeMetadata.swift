/// All that a runtime tells about itself: its types, pallets, extrinsics and runtime APIs.
///
/// Reads and writes the formats V14 and V15 (`frame-metadata`'s `RuntimeMetadataPrefixed`). Metadata is
/// told apart by ``hash``: Hypertensor's runtimes changed while their version number did not.
public struct RuntimeMetadata: Sendable {
  /// The format, 14 or 15.
  public let version: UInt8
  public let types: TypeRegistry
  public let pallets: [PalletMetadata]
  public let extrinsic: ExtrinsicMetadata
  /// The `Runtime` type itself.
  public let runtime: TypeID
  /// Empty in V14.
  public let apis: [RuntimeAPIMetadata]
  /// The enums over all pallets.
  public let outerCall: TypeID?
  public let outerEvent: TypeID?
  public let outerError: TypeID?
  /// Values that a chain adds of its own accord; V15 only.
  public let custom: [CustomValue]
  /// Blake2b-256 of the bytes that this was read from.
  public let hash: [UInt8]

  private let palletsByName: [String: Int]
  private let palletsByIndex: [UInt8: Int]

  public struct CustomValue: Sendable, Hashable {
    public let name: String
    public let type: TypeID
    public let value: [UInt8]
  }

  /// The most bytes that metadata may have. Hypertensor's have 190 KB.
  public static let maximumSize = 16 << 20
  /// Metadata holds many small strings, so it gets a larger budget than values do.
  private static let limits = ScaleLimits(depth: 16, values: 1 << 22, zeroSizedElements: 0)

  /// Reads metadata as `state_getMetadata` or `Metadata_metadata_at_version` give it, "meta" first.
  public init(_ bytes: [UInt8]) throws(ScaleError) {
    guard bytes.count <= Self.maximumSize else {
      throw ScaleError(.limit, "metadata of \(bytes.count) bytes, \(Self.maximumSize) at most")
    }
    var reader = ScaleReader(bytes, limits: Self.limits)
    guard try reader.readBytes(4) == Array("meta".utf8) else {
      throw ScaleError(.malformed, "no metadata: the four bytes \"meta\" are missing")
    }
    let version = try reader.readByte()
    guard version == 14 || version == 15 else {
      throw ScaleError(.unknownType, "metadata version \(version); this build reads 14 and 15")
    }
    self.version = version
    let types = try at("types") { () throws(ScaleError) in try TypeRegistry(from: &reader) }
    self.types = types
    pallets = try at("pallets") { () throws(ScaleError) in
      try reader.readSequence(elementSize: 6) { r throws(ScaleError) in
        try PalletMetadata(from: &r, version: version)
      }
    }
    extrinsic = try at("extrinsic") { () throws(ScaleError) in
      try ExtrinsicMetadata(from: &reader, version: version, types: types)
    }
    runtime = try reader.readTypeID()
    if version >= 15 {
      apis = try at("apis") { () throws(ScaleError) in
        try reader.readSequence(elementSize: 3) { r throws(ScaleError) in try RuntimeAPIMetadata(from: &r) }
      }
      outerCall = try reader.readTypeID()
      outerEvent = try reader.readTypeID()
      outerError = try reader.readTypeID()
      custom = try reader.readSequence(elementSize: 3) { r throws(ScaleError) in
        CustomValue(name: try r.readString(), type: try r.readTypeID(), value: try r.readByteSequence())
      }
    } else {
      apis = []
      outerCall = extrinsic.call
      outerEvent = types.types.firstIndex { $0.path.last == "RuntimeEvent" }.map(TypeID.init)
      outerError = types.types.firstIndex { $0.path.last == "RuntimeError" }.map(TypeID.init)
      custom = []
    }
    try reader.finish()
    hash = Blake2b.hash256(bytes)
    palletsByName = Dictionary(zip(pallets.map(\.name), pallets.indices)) { first, _ in first }
    palletsByIndex = Dictionary(zip(pallets.map(\.index), pallets.indices)) { first, _ in first }
    guard palletsByName.count == pallets.count, palletsByIndex.count == pallets.count else {
      throw ScaleError(.malformed, "two pallets share a name or an index")
    }
  }

  /// The bytes that ``init(_:)`` reads.
  public func encoded() -> [UInt8] {
    var writer = ScaleWriter(reserving: 1 << 18)
    writer.write(raw: "meta".utf8)
    writer.write(version)
    types.encode(to: &writer)
    writer.write(pallets) { $0.encode(to: &$1, version: version) }
    extrinsic.encode(to: &writer, version: version)
    writer.write(type: runtime)
    guard version >= 15 else { return writer.bytes }
    writer.write(apis) { $0.encode(to: &$1) }
    for outer in [outerCall, outerEvent, outerError] { writer.write(type: outer ?? 0) }
    writer.write(custom) { value, writer in
      writer.write(value.name)
      writer.write(type: value.type)
      writer.write(sequence: value.value)
    }
    return writer.bytes
  }

  /// The pallet with that name, if this runtime has it.
  public func pallet(ifPresent name: String) -> PalletMetadata? {
    palletsByName[name].map { pallets[$0] }
  }

  /// The pallet whose calls, events and errors start with that byte.
  public func pallet(index: UInt8) -> PalletMetadata? {
    palletsByIndex[index].map { pallets[$0] }
  }
}
