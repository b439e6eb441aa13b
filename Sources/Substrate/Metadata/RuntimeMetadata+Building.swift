/// Metadata made from parts, for who declares a runtime instead of reading one.
///
/// Nothing is checked here: read what ``RuntimeMetadata/encoded()`` gives to see whether it holds together.
extension RuntimeMetadata {
  /// - Parameter version: 14 or 15; what the older format has no place for is left out when it is encoded.
  public static func encode(
    version: UInt8, types: [PortableType], pallets: [PalletMetadata], extrinsic: ExtrinsicMetadata,
    runtime: TypeID, apis: [RuntimeAPIMetadata], outerCall: TypeID, outerEvent: TypeID, outerError: TypeID
  ) -> [UInt8] {
    var writer = ScaleWriter(reserving: 1 << 17)
    writer.write(raw: "meta".utf8)
    writer.write(version)
    TypeRegistry(types).encode(to: &writer)
    writer.write(pallets) { $0.encode(to: &$1, version: version) }
    extrinsic.encode(to: &writer, version: version)
    writer.write(type: runtime)
    guard version >= 15 else { return writer.bytes }
    writer.write(apis) { $0.encode(to: &$1) }
    for outer in [outerCall, outerEvent, outerError] { writer.write(type: outer) }
    // No values of the chain's own accord.
    writer.write(compact: 0)
    return writer.bytes
  }
}

extension PortableType {
  public init(path: [String], parameters: [Parameter] = [], _ definition: Definition) {
    self.path = path
    self.parameters = parameters
    self.definition = definition
    docs = []
  }
}

extension PortableType.Parameter {
  public init(_ name: String, _ type: TypeID?) {
    self.name = name
    self.type = type
  }
}

extension PortableType.Field {
  public init(_ name: String?, _ type: TypeID) {
    self.name = name
    self.type = type
    typeName = nil
    docs = []
  }
}

extension PortableType.Variant {
  public init(_ index: UInt8, _ name: String, _ fields: [PortableType.Field] = []) {
    self.name = name
    self.fields = fields
    self.index = index
    docs = []
  }
}

extension PalletMetadata {
  public init(
    name: String, index: UInt8, storage: Storage?, calls: TypeID?, events: TypeID?, errors: TypeID?,
    constants: [Constant]
  ) {
    self.name = name
    self.index = index
    self.storage = storage
    self.calls = calls
    self.events = events
    self.errors = errors
    self.constants = constants
    docs = []
  }
}

extension PalletMetadata.StorageEntry {
  public init(
    name: String, modifier: Modifier, hashers: [StorageHasher], key: TypeID?, value: TypeID, fallback: [UInt8]
  ) {
    self.name = name
    self.modifier = modifier
    self.hashers = hashers
    self.key = key
    self.value = value
    self.fallback = fallback
    docs = []
  }
}

extension PalletMetadata.Constant {
  public init(name: String, type: TypeID, value: [UInt8]) {
    self.name = name
    self.type = type
    self.value = value
    docs = []
  }
}

extension ExtrinsicMetadata {
  /// - Parameter type: the extrinsic as a whole, which metadata V14 names.
  public init(
    type: TypeID?, address: TypeID, call: TypeID, signature: TypeID, extra: TypeID,
    signedExtensions: [SignedExtension]
  ) {
    version = 4
    self.type = type
    self.address = address
    self.call = call
    self.signature = signature
    self.extra = extra
    self.signedExtensions = signedExtensions
  }
}

extension ExtrinsicMetadata.SignedExtension {
  public init(_ identifier: String, extra: TypeID, additional: TypeID) {
    self.identifier = identifier
    self.extra = extra
    self.additional = additional
  }
}

extension RuntimeAPIMetadata {
  public init(name: String, methods: [Method]) {
    self.name = name
    self.methods = methods
    docs = []
  }
}

extension RuntimeAPIMetadata.Method {
  public init(name: String, inputs: [RuntimeAPIMetadata.Input], output: TypeID) {
    self.name = name
    self.inputs = inputs
    self.output = output
    docs = []
  }
}

extension RuntimeAPIMetadata.Input {
  public init(_ name: String, _ type: TypeID) {
    self.name = name
    self.type = type
  }
}
