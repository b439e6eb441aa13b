/// What a signature commits to besides the call.
public struct SigningParameters: Sendable, Hashable {
  public var genesisHash: [UInt8]
  /// As the runtime's version says; no guide to its layout.
  public var specVersion: UInt32
  public var transactionVersion: UInt32
  public var nonce: UInt32
  public var era: Era
  /// Of the era's birth block; the genesis hash for an immortal extrinsic.
  public var eraBirthHash: [UInt8]
  /// On top of the fee.
  public var tip: Planck

  public init(
    genesisHash: [UInt8], specVersion: UInt32, transactionVersion: UInt32, nonce: UInt32, era: Era,
    eraBirthHash: [UInt8], tip: Planck = 0
  ) {
    self.genesisHash = genesisHash
    self.specVersion = specVersion
    self.transactionVersion = transactionVersion
    self.nonce = nonce
    self.era = era
    self.eraBirthHash = eraBirthHash
    self.tip = tip
  }
}

/// The bytes that the signed extensions of a runtime add to an extrinsic and to what is signed.
struct SignedExtensionBytes {
  /// Sent and signed.
  private(set) var extra = ScaleWriter(reserving: 16)
  /// Signed, not sent.
  private(set) var additional = ScaleWriter(reserving: 72)

  /// Runs through the runtime's extensions in order.
  ///
  /// - Throws: ``MetadataError`` for an extension that this build does not know and that is not empty.
  init(_ parameters: SigningParameters, metadata: RuntimeMetadata) throws {
    for known in metadata.extrinsic.signedExtensions {
      try at(known.identifier) { () throws(ScaleError) in try add(known, parameters, metadata.types) }
    }
  }

  private mutating func add(
    _ declared: ExtrinsicMetadata.SignedExtension, _ parameters: SigningParameters, _ types: TypeRegistry
  ) throws(ScaleError) {
    switch declared.identifier {
    case "CheckSpecVersion":
      try addEmpty(declared.extra, types)
      try types.encode(.unsigned(UInt128(parameters.specVersion)), as: declared.additional, to: &additional)
    case "CheckTxVersion":
      try addEmpty(declared.extra, types)
      try types.encode(
        .unsigned(UInt128(parameters.transactionVersion)), as: declared.additional, to: &additional)
    case "CheckGenesis":
      try addEmpty(declared.extra, types)
      try types.encode(.bytes(parameters.genesisHash), as: declared.additional, to: &additional)
    case "CheckMortality", "CheckEra":
      extra.write(raw: parameters.era.encoded)
      try types.encode(.bytes(parameters.eraBirthHash), as: declared.additional, to: &additional)
    case "CheckNonce":
      try types.encode(.unsigned(UInt128(parameters.nonce)), as: declared.extra, to: &extra)
      try addEmpty(declared.additional, types)
    case "ChargeTransactionPayment":
      try types.encode(parameters.tip.scaleValue, as: declared.extra, to: &extra)
      try addEmpty(declared.additional, types)
    default:
      extra.write(raw: try Self.nothing(declared.extra, types))
      additional.write(raw: try Self.nothing(declared.additional, types))
    }
  }

  private func addEmpty(_ type: TypeID, _ types: TypeRegistry) throws(ScaleError) {
    guard types.isEmpty(type) else {
      throw ScaleError(.mismatch, "\(types.name(of: type)) is more than this build knows of the extension")
    }
  }

  /// What stands for "nothing" in an extension that is not known: no bytes, or an empty option.
  private static func nothing(_ type: TypeID, _ types: TypeRegistry) throws(ScaleError) -> [UInt8] {
    if types.isEmpty(type) { return [] }
    if try types.type(type).path == ["Option"] { return [0] }
    throw ScaleError(
      .unknownType, "an unknown signed extension that carries \(types.name(of: type)); nothing is signed")
  }
}

extension TypeRegistry {
  /// Whether values of a type take no bytes.
  func isEmpty(_ id: TypeID, depth: Int = 0) -> Bool {
    guard depth < 8, let type = try? type(id) else { return false }
    switch type.definition {
    case .composite(let fields): return fields.count <= 1 && fields.allSatisfy { isEmpty($0.type, depth: depth + 1) }
    case .tuple(let elements): return elements.count <= 1 && elements.allSatisfy { isEmpty($0, depth: depth + 1) }
    default: return false
    }
  }
}
