/// Types written down as text, for values that the metadata does not describe.
///
/// One definition on each line: `Name { field: Type, … }` for a structure, `Name = A | B` for an enum
/// without content. Types are other names, `u8 … u128`, `bool`, `Bytes`, `AccountId20`, `H256`,
/// `Option<T>`, `Vec<T>`, `Set<T>`, `Map<K, V>` and tuples `(A, B)`.
struct LayoutSchema: Sendable {
  private(set) var registry = TypeRegistry([])
  private var ids: [String: TypeID] = [:]
  private var types: [PortableType] = []
  private var definitions: [String: String] = [:]

  struct Fault: Error, Hashable {
    let type: String
  }

  /// - Parameter roots: the types that are to be decoded; whatever they need is taken along.
  init(_ text: String, roots: [String]) throws(Fault) {
    for line in text.split(separator: "\n") {
      let name = line.prefix { $0.isLetter || $0.isNumber }
      guard !name.isEmpty else { continue }
      definitions[String(name)] = line.dropFirst(name.count).trimmingPrefix { $0 == " " }.description
    }
    for root in roots { _ = try id(of: root) }
    registry = TypeRegistry(types)
  }

  /// The number of a type that was named as a root.
  func type(_ name: String) -> TypeID? { ids[name] }

  private mutating func id(of name: String) throws(Fault) -> TypeID {
    if let known = ids[name] { return known }
    let id = TypeID(types.count)
    ids[name] = id
    types.append(Self.make(name, .tuple([])))
    types[Int(id)] = try build(name)
    return id
  }

  private mutating func build(_ name: String) throws(Fault) -> PortableType {
    if let primitive = PortableType.Primitive.allCases.first(where: { "\($0)" == name }) {
      return Self.make(name, .primitive(primitive))
    }
    switch name {
    case "Bytes": return Self.make(name, .sequence(try id(of: "u8")))
    case "AccountId20": return Self.make(name, .array(count: 20, try id(of: "u8")))
    case "H256": return Self.make(name, .array(count: 32, try id(of: "u8")))
    default: break
    }
    if let inner = Self.arguments(of: name, "Option<", ">") {
      let some = PortableType.Variant(name: "Some", fields: [Self.field(nil, try id(of: inner))], index: 1, docs: [])
      return Self.make("Option", .variant([PortableType.Variant(name: "None", fields: [], index: 0, docs: []), some]))
    }
    if let inner = Self.arguments(of: name, "Vec<", ">") ?? Self.arguments(of: name, "Set<", ">") {
      return Self.make(name, .sequence(try id(of: inner)))
    }
    if let inner = Self.arguments(of: name, "Map<", ">") { return Self.make(name, .sequence(try id(of: "(\(inner))"))) }
    if let inner = Self.arguments(of: name, "(", ")") {
      var elements: [TypeID] = []
      for part in Self.split(inner) { elements.append(try id(of: part)) }
      return Self.make(name, .tuple(elements))
    }
    guard let definition = definitions[name] else { throw Fault(type: name) }
    if definition.hasPrefix("=") {
      let names = definition.dropFirst().split(separator: "|").map { $0.filter { $0 != " " } }
      return Self.make(
        name,
        .variant(
          names.enumerated().map {
            PortableType.Variant(name: $1, fields: [], index: UInt8(truncatingIfNeeded: $0), docs: [])
          }))
    }
    guard let body = Self.arguments(of: definition, "{", "}") else { throw Fault(type: name) }
    var fields: [PortableType.Field] = []
    for part in Self.split(body) {
      let pair = part.split(separator: ":", maxSplits: 1).map { $0.filter { $0 != " " } }
      guard pair.count == 2 else { throw Fault(type: name) }
      fields.append(Self.field(pair[0], try id(of: pair[1])))
    }
    return Self.make(name, .composite(fields))
  }

  private static func make(_ name: String, _ definition: PortableType.Definition) -> PortableType {
    PortableType(path: [name], parameters: [], definition: definition, docs: [])
  }

  private static func field(_ name: String?, _ type: TypeID) -> PortableType.Field {
    PortableType.Field(name: name, type: type, typeName: nil, docs: [])
  }

  private static func arguments(of text: String, _ open: String, _ close: String) -> String? {
    guard text.hasPrefix(open), text.hasSuffix(close) else { return nil }
    return text.dropFirst(open.count).dropLast(close.count).filter { $0 != " " }
  }

  /// The parts between commas that stand in no bracket.
  private static func split(_ text: String) -> [String] {
    var parts = [""]
    var depth = 0
    for character in text {
      switch character {
      case "<", "(": depth += 1
      case ">", ")": depth -= 1
      case "," where depth == 0:
        parts.append("")
        continue
      default: break
      }
      parts[parts.count - 1].append(character)
    }
    return parts.filter { !$0.isEmpty }
  }
}
