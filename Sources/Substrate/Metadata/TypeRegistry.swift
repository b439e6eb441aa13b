/// The types of one metadata, by number.
public struct TypeRegistry: Sendable, Hashable {
  public let types: [PortableType]
  /// A lower bound of the bytes that a value of each type takes.
  let minimumSizes: [Int]

  /// How many types a registry may hold; Hypertensor's have about 1,100.
  static let maximumTypes = 1 << 16

  public init(_ types: [PortableType]) {
    self.types = types
    minimumSizes = MinimumSizes.of(types)
  }

  public func type(_ id: TypeID) throws(ScaleError) -> PortableType {
    guard Int(id) < types.count else {
      throw ScaleError(.unknownType, "type \(id) is not in the registry of \(types.count) types")
    }
    return types[Int(id)]
  }

  init(from reader: inout ScaleReader) throws(ScaleError) {
    // A type takes five bytes or more: id, path, parameters, definition, docs.
    let count = try reader.readCount(elementSize: 5)
    guard count <= Self.maximumTypes else {
      throw ScaleError(.limit, "\(count) types, \(Self.maximumTypes) at most")
    }
    var types: [PortableType] = []
    types.reserveCapacity(count)
    for index in 0..<count {
      let id = try reader.readTypeID()
      guard Int(id) == index else {
        throw ScaleError(.malformed, "type \(id) stands in place \(index) of the registry")
      }
      types.append(try at("type \(id)") { () throws(ScaleError) in try PortableType(from: &reader) })
    }
    self.init(types)
  }

  func encode(to writer: inout ScaleWriter) {
    writer.write(compact: types.count)
    for (id, type) in types.enumerated() {
      writer.write(type: TypeID(id))
      type.encode(to: &writer)
    }
  }
}

/// Names of types, for people.
extension TypeRegistry {
  /// The Rust spelling of a type, such as `Vec<(u32, AccountId20)>`; parts of a very large one are left out.
  public func name(of id: TypeID) -> String {
    var parts = 256
    return name(of: id, parts: &parts, depth: 0)
  }

  private func name(of id: TypeID, parts: inout Int, depth: Int) -> String {
    parts -= 1
    guard depth < 12, parts > 0, let type = try? type(id) else { return "#\(id)" }
    func inner(_ id: TypeID) -> String { name(of: id, parts: &parts, depth: depth + 1) }
    func list(_ ids: [TypeID]) -> String {
      var names: [String] = []
      for id in ids where parts > 0 { names.append(inner(id)) }
      return names.joined(separator: ", ")
    }
    switch type.definition {
    case .primitive(let primitive): return "\(primitive)"
    case .compact(let wrapped): return "Compact<\(inner(wrapped))>"
    case .sequence(let element): return "Vec<\(inner(element))>"
    case .array(let count, let element): return "[\(inner(element)); \(count)]"
    case .tuple(let elements): return "(\(list(elements)))"
    case .bitSequence: return "BitVec"
    case .composite, .variant: break
    }
    guard let base = type.path.last, let crate = type.path.first else { return "#\(id)" }
    if ["Call", "Event", "Error"].contains(base), type.path.count > 1 { return "\(crate)::\(base)" }
    if ["RuntimeCall", "RuntimeEvent", "RuntimeError", "OriginCaller"].contains(base) { return base }
    let parameters = list(type.parameters.compactMap(\.type))
    return parameters.isEmpty ? base : "\(base)<\(parameters)>"
  }
}
