import Substrate

/// Collects the types that a runtime's declarations name, each once, in the order in which they are met.
struct TypeCatalog {
  private(set) var types: [PortableType] = []
  private var known: [String: TypeID] = [:]

  /// The type that goes by `name`, made by `make` when it is met for the first time.
  ///
  /// - Parameter name: tells the type from every other; it appears nowhere in metadata.
  mutating func add(_ name: String, _ make: (inout TypeCatalog) -> PortableType) -> TypeID {
    if let id = known[name] { return id }
    let id = TypeID(types.count)
    known[name] = id
    // The place is taken first, because a type may contain itself.
    types.append(PortableType(path: [], .tuple([])))
    types[Int(id)] = make(&self)
    return id
  }

  mutating func tuple(_ parts: [TypeID]) -> TypeID {
    add("(\(parts.map { "#\($0)" }.joined(separator: ",")))") { _ in PortableType(path: [], .tuple(parts)) }
  }

  /// `[u8; count]`.
  mutating func bytes(_ count: UInt32) -> TypeID {
    add("[u8; \(count)]") { PortableType(path: [], .array(count: count, UInt8.declare(in: &$0))) }
  }

  /// The enum over all pallets' calls, events or errors. Whoever declares all pallets says with ``define(_:_:)`` what
  /// it looks like.
  mutating func outer(_ kind: String) -> TypeID {
    add("Runtime\(kind)") { _ in PortableType(path: [], .tuple([])) }
  }

  mutating func define(_ id: TypeID, _ type: PortableType) { types[Int(id)] = type }

  /// `Result<T, E>`.
  mutating func result(_ success: TypeID, _ failure: TypeID) -> TypeID {
    add("Result<#\(success),#\(failure)>") { _ in
      PortableType(
        path: ["Result"], parameters: [.init("T", success), .init("E", failure)],
        .variant([.init(0, "Ok", [.init(nil, success)]), .init(1, "Err", [.init(nil, failure)])]))
    }
  }
}
