import Substrate

/// A call of a pallet: its name, its arguments' names, and the function that carries it out, from which the
/// arguments' types are taken.
struct CallDeclaration: Sendable {
  /// Carries the call out for its signer.
  typealias Body = @Sendable (inout Runtime, Origin) throws -> Void

  let index: UInt8
  let name: String
  /// The weight beyond the base of an extrinsic, in picoseconds; each costs one planck.
  let weight: UInt64
  private let declareArguments: @Sendable (inout TypeCatalog) -> [PortableType.Field]
  private let read: @Sendable (inout ScaleReader) throws(ScaleError) -> Body

  init<each Argument: RuntimeArgument>(
    _ index: UInt8, _ name: String, _ names: [String], weight: UInt64 = 0,
    _ function: @escaping @Sendable (inout Runtime, Origin, repeat each Argument) throws -> Void
  ) {
    self.index = index
    self.name = name
    self.weight = weight
    declareArguments = { types in
      var parts: [TypeID] = []
      func add<Part: RuntimeArgument>(_: Part.Type, _ types: inout TypeCatalog) {
        parts.append(Part.declare(in: &types))
      }
      repeat add((each Argument).self, &types)
      return zip(names, parts).map { PortableType.Field($0, $1) }
    }
    read = { (reader: inout ScaleReader) throws(ScaleError) in
      func next<Part: RuntimeArgument>(_: Part.Type) throws(ScaleError) -> Part { try Part(from: &reader) }
      let arguments = (repeat try next((each Argument).self))
      return { runtime, origin in try function(&runtime, origin, repeat each arguments) }
    }
  }

  /// Reads the arguments, which follow the call's index.
  func body(from reader: inout ScaleReader) throws(ScaleError) -> Body { try read(&reader) }

  /// - Parameter isWidened: whether one argument more is declared than there is.
  func declare(in types: inout TypeCatalog, isWidened: Bool = false) -> PortableType.Variant {
    let surplus = isWidened ? [PortableType.Field("unheard_of", UInt32.declare(in: &types))] : []
    return PortableType.Variant(index, name, declareArguments(&types) + surplus)
  }
}

/// Who a call is carried out for.
enum Origin: Sendable, Hashable {
  case signed(AccountID)
  /// The block's author, for what stands in each block unsigned.
  case inherent
  /// The chain itself: genesis and the sudo key.
  case root
}
