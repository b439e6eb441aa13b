import Substrate

/// An event of a pallet; calling it with its fields gives the bytes behind the pallet's index.
struct EventDeclaration<each Field: RuntimeValue>: AnyEventDeclaration {
  let index: UInt8
  let name: String
  /// The names of the fields; empty where the runtime has none.
  let names: [String]

  init(_ index: UInt8, _ name: String, _ names: String...) {
    self.index = index
    self.name = name
    self.names = names
  }

  func callAsFunction(_ fields: repeat each Field) -> [UInt8] {
    var writer = ScaleWriter()
    writer.write(index)
    func add<Part: RuntimeValue>(_ part: Part) { part.encode(to: &writer) }
    repeat add(each fields)
    return writer.bytes
  }

  func declare(in types: inout TypeCatalog) -> PortableType.Variant {
    var parts: [TypeID] = []
    func add<Part: RuntimeValue>(_: Part.Type, _ types: inout TypeCatalog) { parts.append(Part.declare(in: &types)) }
    repeat add((each Field).self, &types)
    let fields = parts.enumerated().map { place, type in
      PortableType.Field(names.indices.contains(place) ? names[place] : nil, type)
    }
    return PortableType.Variant(index, name, fields)
  }
}

/// An event that carries nothing.
struct PlainEvent: AnyEventDeclaration {
  let index: UInt8
  let name: String

  init(_ index: UInt8, _ name: String) {
    self.index = index
    self.name = name
  }

  func callAsFunction() -> [UInt8] { [index] }

  func declare(in types: inout TypeCatalog) -> PortableType.Variant { PortableType.Variant(index, name) }
}

/// An event, whatever its fields.
protocol AnyEventDeclaration: Sendable {
  var name: String { get }
  func declare(in types: inout TypeCatalog) -> PortableType.Variant
}
