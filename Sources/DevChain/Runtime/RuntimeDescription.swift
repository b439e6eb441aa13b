import Substrate

/// The runtime as it describes itself: metadata made from the declarations, and the version.
struct RuntimeDescription: Sendable {
  let parameters: RuntimeParameters
  /// Metadata by version.
  let metadata: [UInt32: [UInt8]]
  /// What stands under `:code`. It changes when a declaration or a constant does, and only then.
  let code: [UInt8]

  static let codeKey = Array(":code".utf8)

  init(_ parameters: RuntimeParameters) {
    self.parameters = parameters
    let fifteen = Self.describe(15, parameters)
    metadata = [14: Self.describe(14, parameters), 15: fifteen]
    code = Array("simulated runtime ".utf8) + Blake2b.hash256(fifteen) + parameters.specVersion.encoded
  }

  private static func describe(_ version: UInt8, _ parameters: RuntimeParameters) -> [UInt8] {
    var types = TypeCatalog()
    let outer = ["Call", "Event", "Error"].map { types.outer($0) }
    var pallets: [PalletMetadata] = []
    for pallet in Pallets.all { pallets.append(pallet.declare(in: &types, for: parameters)) }
    define(outer[0], "RuntimeCall", pallets.map { ($0, $0.calls) }, in: &types)
    define(outer[1], "RuntimeEvent", pallets.map { ($0, $0.events) }, in: &types)
    define(outer[2], "RuntimeError", pallets.map { ($0, $0.errors) }, in: &types)
    var apis: [RuntimeAPIMetadata] = []
    for api in RuntimeAPIs.all { apis.append(api.declare(in: &types)) }
    let extrinsic = Extrinsic.declare(in: &types)
    let extensions = SignedExtensionList.declare(in: &types)
    let runtime = types.add("Runtime") { _ in PortableType(path: ["hypertensor_runtime", "Runtime"], .composite([])) }
    let parts = types.types[Int(extrinsic)].parameters
    func part(_ name: String) -> TypeID { parts.first { $0.name == name }?.type ?? 0 }
    return RuntimeMetadata.encode(
      version: version, types: types.types, pallets: pallets,
      extrinsic: ExtrinsicMetadata(
        type: extrinsic, address: part("Address"), call: part("Call"), signature: part("Signature"),
        extra: part("Extra"), signedExtensions: extensions),
      runtime: runtime, apis: apis, outerCall: outer[0], outerEvent: outer[1],
      outerError: outer[2])
  }

  /// An enum with one variant for each pallet that has such a part.
  private static func define(
    _ id: TypeID, _ name: String, _ parts: [(PalletMetadata, TypeID?)], in types: inout TypeCatalog
  ) {
    let variants = parts.compactMap { pallet, part in
      part.map { PortableType.Variant(pallet.index, pallet.name, [.init(nil, $0)]) }
    }
    types.define(id, PortableType(path: ["hypertensor_runtime", name], .variant(variants)))
  }
}
