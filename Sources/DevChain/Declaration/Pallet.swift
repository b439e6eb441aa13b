import Substrate

/// A part of the runtime: storage items, calls, events, errors and constants under one name and index.
struct Pallet: Sendable {
  let name: String
  let index: UInt8
  var storage: [any StorageDeclaration] = []
  var calls: [CallDeclaration] = []
  var events: [any AnyEventDeclaration] = []
  /// Names by index.
  var errors: [(index: UInt8, name: String)] = []
  var constants: [Constant] = []

  /// A constant's type and value for a runtime of the given configuration.
  struct Constant: Sendable {
    let name: String
    let declare: @Sendable (inout TypeCatalog) -> TypeID
    let encode: @Sendable (RuntimeParameters) -> [UInt8]

    init<Value: RuntimeValue>(_ name: String, _ value: @escaping @Sendable (RuntimeParameters) -> Value) {
      self.name = name
      declare = { Value.declare(in: &$0) }
      encode = { value($0).encoded }
    }
  }

  /// The declarations among the stored properties of `holder`, in order, so that each stands in one place only.
  static func storage(of holder: some Sendable) -> [any StorageDeclaration] {
    Mirror(reflecting: holder).children.compactMap { $0.value as? any StorageDeclaration }
  }

  static func events(of holder: some Sendable) -> [any AnyEventDeclaration] {
    Mirror(reflecting: holder).children.compactMap { $0.value as? any AnyEventDeclaration }
  }

  func call(_ index: UInt8) -> CallDeclaration? {
    calls.first { $0.index == index }
  }

  func declare(in types: inout TypeCatalog, for parameters: RuntimeParameters) -> PalletMetadata {
    var entries: [PalletMetadata.StorageEntry] = []
    for item in storage { entries.append(item.declare(in: &types)) }
    return PalletMetadata(
      name: name, index: index, storage: storage.isEmpty ? nil : .init(prefix: name, entries: entries),
      calls: calls.isEmpty
        ? nil
        : declare(
          "Call",
          calls.map { call in { call.declare(in: &$0, isWidened: parameters.widenedCalls.contains(call.name)) } },
          in: &types),
      events: events.isEmpty ? nil : declare("Event", events.map { event in { event.declare(in: &$0) } }, in: &types),
      errors: errors.isEmpty
        ? nil : declare("Error", errors.map { error in { _ in .init(error.index, error.name) } }, in: &types),
      constants: constants.map { constant in
        PalletMetadata.Constant(
          name: constant.name, type: constant.declare(&types), value: constant.encode(parameters))
      })
  }

  private func declare(
    _ kind: String, _ variants: [(inout TypeCatalog) -> PortableType.Variant], in types: inout TypeCatalog
  ) -> TypeID {
    types.add("\(name)::\(kind)") { types in
      var declared: [PortableType.Variant] = []
      for variant in variants { declared.append(variant(&types)) }
      return PortableType(path: ["pallet_\(name.lowercased())", "pallet", kind], .variant(declared))
    }
  }
}
