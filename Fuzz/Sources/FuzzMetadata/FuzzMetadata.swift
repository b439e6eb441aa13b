import Fuzzing

@testable import Substrate

/// Metadata as an endpoint sends it, V14 and V15: cycles, lies about sizes, unknown types. Metadata that is taken
/// must encode to the same bytes, and everything that is done with metadata must end.
@main
struct FuzzMetadata: FuzzTarget {
  func seeds() -> [[UInt8]] { [14, 15].map(SmallMetadata.bytes) }

  func take(_ input: [UInt8]) {
    guard let metadata = try? RuntimeMetadata(input) else { return }
    promise(metadata.encoded() == input, "metadata V\(metadata.version) encodes to other bytes")
    // What a hostile value of each of its types would be decoded from.
    let value = Array(input.suffix(64))
    for type in metadata.types.types.indices.prefix(64).map(TypeID.init) {
      _ = metadata.types.name(of: type)
      _ = metadata.types.isEmpty(type)
      if let decoded = try? metadata.types.decode(value, as: type) {
        _ = try? metadata.types.encode(decoded, as: type)
      }
    }
    for pallet in metadata.pallets.prefix(16) { explore(pallet, of: metadata, value) }
    for api in metadata.apis.prefix(16) {
      for method in api.methods { _ = try? metadata.api(api.name, method.name) }
    }
    sign(value, metadata)
  }

  private func explore(_ pallet: PalletMetadata, of metadata: RuntimeMetadata, _ value: [UInt8]) {
    for entry in pallet.storage?.entries.prefix(16) ?? [] {
      guard let item = try? metadata.storage(pallet.name, entry.name) else { continue }
      _ = try? item.key([.bytes(value)], types: metadata.types)
      _ = try? item.parts(of: item.prefix + value, types: metadata.types)
      _ = try? item.value(nil, types: metadata.types)
    }
    for constant in pallet.constants.prefix(16) { _ = try? metadata.constant(pallet.name, constant.name) }
    for variant in 0...3 as ClosedRange<UInt8> {
      _ = metadata.moduleError(pallet: pallet.index, error: variant)
      guard let name = try? metadata.callName([pallet.index, variant]) else { continue }
      _ = try? metadata.decodeCall([pallet.index, variant] + value)
      _ = try? metadata.makeCall(name, [CallArgument("value", .bytes(value))])
    }
  }

  private func sign(_ call: [UInt8], _ metadata: RuntimeMetadata) {
    let hash = [UInt8](repeating: 1, count: 32)
    let parameters = SigningParameters(
      genesisHash: hash, specVersion: 1, transactionVersion: 1, nonce: 0, era: .immortal, eraBirthHash: hash)
    let call = RuntimeCall(name: CallName("Pallet", "call"), bytes: call, metadataHash: metadata.hash)
    _ = try? SigningPayload(call, parameters, metadata: metadata)
    _ = try? Generation(metadata)
  }
}
