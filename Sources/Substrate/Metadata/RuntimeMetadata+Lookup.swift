/// A call of a pallet, as metadata declares it.
public struct CallMetadata: Sendable, Hashable {
  public let pallet: String
  public let name: String
  public let palletIndex: UInt8
  public let index: UInt8
  /// The arguments in order, by name and type.
  public let arguments: [PortableType.Field]
  public let docs: [String]
}

extension RuntimeMetadata {
  public func pallet(_ name: String) throws(MetadataError) -> PalletMetadata {
    guard let pallet = pallet(ifPresent: name) else {
      throw MetadataError(.unknownPallet, unknown: name, in: "the runtime", known: pallets.map(\.name))
    }
    return pallet
  }

  public func call(_ pallet: String, _ name: String) throws(MetadataError) -> CallMetadata {
    let found = try self.pallet(pallet)
    let calls = found.calls.flatMap { try? types.type($0) }
    guard let variant = calls?.variant(named: name) else {
      throw MetadataError(.unknownCall, unknown: name, in: pallet, known: calls?.variants.map(\.name) ?? [])
    }
    return CallMetadata(
      pallet: pallet, name: name, palletIndex: found.index, index: variant.index, arguments: variant.fields,
      docs: variant.docs)
  }

  public func storage(_ pallet: String, _ item: String) throws(MetadataError) -> StorageItem {
    let storage = try self.pallet(pallet).storage
    guard let storage, let entry = storage.entries.first(where: { $0.name == item }) else {
      throw MetadataError(
        .unknownStorage, unknown: item, in: pallet, known: storage?.entries.map(\.name) ?? [])
    }
    return try StorageItem(pallet: pallet, prefix: storage.prefix, entry: entry, types: types)
  }

  /// The value of a constant, decoded.
  public func constant(_ pallet: String, _ name: String) throws -> ScaleValue {
    let constants = try self.pallet(pallet).constants
    guard let constant = constants.first(where: { $0.name == name }) else {
      throw MetadataError(.unknownConstant, unknown: name, in: pallet, known: constants.map(\.name))
    }
    return try types.decode(constant.value, as: constant.type)
  }

  public func api(_ api: String, _ method: String) throws(MetadataError) -> RuntimeAPIMetadata.Method {
    guard let found = apis.first(where: { $0.name == api }) else {
      throw MetadataError(.unknownAPI, unknown: api, in: "the runtime", known: apis.map(\.name))
    }
    guard let method = found.methods.first(where: { $0.name == method }) else {
      throw MetadataError(.unknownAPI, unknown: method, in: api, known: found.methods.map(\.name))
    }
    return method
  }

  /// The error that a dispatched call ended with, by its pallet's index and its own.
  public func moduleError(pallet index: UInt8, error: UInt8) -> ModuleError? {
    guard let pallet = pallet(index: index), let errors = pallet.errors,
      let variant = try? types.type(errors).variant(index: error)
    else { return nil }
    return ModuleError(pallet: pallet.name, name: variant.name, docs: variant.docs)
  }
}

/// An error that a pallet declares, such as `Network.AlreadyAttested`.
public struct ModuleError: Sendable, Hashable, CustomStringConvertible {
  public let pallet: String
  public let name: String
  /// The pallet's own words about it.
  public let docs: [String]

  public init(pallet: String, name: String, docs: [String] = []) {
    self.pallet = pallet
    self.name = name
    self.docs = docs
  }

  public var description: String { "\(pallet).\(name)" }
}
