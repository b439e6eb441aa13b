import Substrate

/// Any extrinsic as bytes behind their length: what goes into a block.
struct Extrinsic: RuntimeArgument {
  let bytes: [UInt8]

  static func declare(in types: inout TypeCatalog) -> TypeID {
    types.add("UncheckedExtrinsic") { types in
      let address = AccountID.declare(in: &types)
      let call = types.outer("Call")
      let signature = types.add("EthereumSignature") {
        PortableType(
          path: ["fp_account", "EthereumSignature"],
          .composite([
            .init(
              nil,
              $0.add("ecdsa::Signature") {
                PortableType(path: ["sp_core", "ecdsa", "Signature"], .composite([.init(nil, $0.bytes(65))]))
              })
          ]))
      }
      let extra = types.tuple(SignedExtensionList.declare(in: &types).map(\.extra))
      return PortableType(
        path: ["sp_runtime", "generic", "unchecked_extrinsic", "UncheckedExtrinsic"],
        parameters: [
          .init("Address", address), .init("Call", call), .init("Signature", signature), .init("Extra", extra),
        ], .composite([.init(nil, [UInt8].declare(in: &types))]))
    }
  }

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  init(from reader: inout ScaleReader) throws(ScaleError) {
    let content = try reader.readByteSequence()
    var writer = ScaleWriter(reserving: content.count + 4)
    writer.write(sequence: content)
    bytes = writer.bytes
  }
}

/// What extrinsics carry besides the call, and what is signed besides them (spec/chain.md §3).
enum SignedExtensionList {
  static func declare(in types: inout TypeCatalog) -> [ExtrinsicMetadata.SignedExtension] {
    let none = types.tuple([])
    let number = UInt32.declare(in: &types)
    let hash = H256.declare(in: &types)
    let nonce = Compact<UInt32>.declare(in: &types)
    let tip = Compact<UInt128>.declare(in: &types)
    let era = types.add("Era") { types in
      let byte = UInt8.declare(in: &types)
      // The first byte tells the period; the second, for all but an immortal era, the phase.
      let variants =
        [PortableType.Variant(0, "Immortal")]
        + (1...255).map { PortableType.Variant($0, "Mortal\($0)", [.init(nil, byte)]) }
      return PortableType(path: ["sp_runtime", "generic", "era", "Era"], .variant(variants))
    }
    func wrapped(_ name: String, _ content: TypeID?) -> TypeID {
      types.add(name) { _ in
        PortableType(path: ["frame_system", "extensions", name], .composite(content.map { [.init(nil, $0)] } ?? []))
      }
    }
    return [
      .init("CheckNonZeroSender", extra: wrapped("CheckNonZeroSender", nil), additional: none),
      .init("CheckSpecVersion", extra: wrapped("CheckSpecVersion", nil), additional: number),
      .init("CheckTxVersion", extra: wrapped("CheckTxVersion", nil), additional: number),
      .init("CheckGenesis", extra: wrapped("CheckGenesis", nil), additional: hash),
      .init("CheckMortality", extra: wrapped("CheckMortality", era), additional: hash),
      .init("CheckNonce", extra: wrapped("CheckNonce", nonce), additional: none),
      .init("CheckWeight", extra: wrapped("CheckWeight", nil), additional: none),
      .init("ChargeTransactionPayment", extra: wrapped("ChargeTransactionPayment", tip), additional: none),
    ]
  }
}
