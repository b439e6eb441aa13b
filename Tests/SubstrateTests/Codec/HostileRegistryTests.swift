import Testing

@testable import Substrate

/// Registries as a lying endpoint could send them.
@Suite("S7 values of hostile types")
struct HostileRegistryTests {
  private func type(_ definition: PortableType.Definition, path: [String] = []) -> PortableType {
    PortableType(path: path, parameters: [], definition: definition, docs: [])
  }

  private func field(_ id: TypeID) -> PortableType.Field {
    PortableType.Field(name: nil, type: id, typeName: nil, docs: [])
  }

  @Test("A type that contains itself ends at the depth limit")
  func cycles() {
    let registries = [
      TypeRegistry([type(.composite([field(0)]))]),
      TypeRegistry([type(.tuple([1, 0])), type(.tuple([0, 0]))]),
      TypeRegistry([type(.array(count: .max, 0))]),
      TypeRegistry([type(.compact(0))]),
      TypeRegistry([type(.composite([field(0), field(0)]))]),
    ]
    for registry in registries {
      #expect(throws: ScaleError.self) { try registry.decode([], as: 0) }
      #expect(throws: ScaleError.self) { try registry.encode(.sequence([1, 1]), as: 0) }
      #expect(registry.minimumSize(of: 0) == 0)
      #expect(!registry.name(of: 0).isEmpty)
    }
  }

  @Test("Elements that take no bytes are bounded, in vectors and in arrays of arrays")
  func zeroSizedElements() {
    let registry = TypeRegistry([
      type(.tuple([])), type(.sequence(0)), type(.array(count: .max, 0)), type(.array(count: 65_535, 2)),
      type(.array(count: 65_535, 0)), type(.array(count: 65_535, 4)),
    ])
    let claims: [UInt8] = [0x03, 0xff, 0xff, 0xff, 0xff]
    for id: TypeID in [1, 2, 3, 5] {
      let error = #expect(throws: ScaleError.self) { try registry.decode(claims, as: id) }
      #expect(error?.kind == .limit)
    }
  }

  @Test("A vector of wide elements may not claim more than fit")
  func wideElements() {
    let registry = TypeRegistry([type(.primitive(.u128)), type(.sequence(0)), type(.sequence(1))])
    var bytes = ScaleWriter()
    bytes.write(compact: 3)
    bytes.write(raw: [UInt8](repeating: 0, count: 47))
    let error = #expect(throws: ScaleError.self) { try registry.decode(bytes.bytes, as: 1) }
    #expect(error?.message == "3 elements claimed, 2 at most can follow")
  }

  @Test("The number of values is bounded however the bytes are spent")
  func valueBudget() {
    let registry = TypeRegistry([type(.primitive(.bool)), type(.sequence(0))])
    var writer = ScaleWriter()
    writer.write(compact: 1000)
    writer.write(raw: [UInt8](repeating: 1, count: 1000))
    #expect(throws: ScaleError(.limit, "more than 100 values")) {
      try registry.decode(writer.bytes, as: 1, limits: ScaleLimits(values: 100))
    }
  }

  @Test("Type ids, variants and bit layouts that don't exist are named")
  func unknown() {
    let variant = PortableType.Variant(name: "Only", fields: [field(9)], index: 3, docs: [])
    let registry = TypeRegistry([
      type(.variant([variant]), path: ["Choice"]), type(.bitSequence(store: 0, order: 0)),
      type(.variant([]), path: ["Option"]), type(.compact(0)),
    ])
    #expect(throws: ScaleError(.malformed, "Choice has no variant 0")) { try registry.decode([0], as: 0) }
    let inner = #expect(throws: ScaleError.self) { try registry.decode([3], as: 0) }
    #expect(inner?.message == "Only: type 9 is not in the registry of 4 types")
    for id: TypeID in [1, 3, 4, .max] {
      let error = #expect(throws: ScaleError.self) { try registry.decode([1, 1], as: id) }
      #expect(error?.kind == .unknownType)
    }
    #expect(throws: ScaleError.self) { try registry.decode([1, 1], as: 2) }
  }

  @Test("Names of types stay short, however they branch")
  func names() {
    let wide = type(.tuple([TypeID](repeating: 0, count: 1000)))
    #expect(TypeRegistry([wide]).name(of: 0).utf8.count < 10_000)
  }

  @Test("A chain of types too deep for the stack is measured without it")
  func deepChain() {
    let count = 60_000
    let types = (0..<count).map { index in type(.composite([field(TypeID(index + 1))])) }
    let registry = TypeRegistry(types + [type(.primitive(.u8))])
    #expect(registry.minimumSize(of: TypeID(count)) == 1)
    let error = #expect(throws: ScaleError.self) { try registry.decode([1], as: 0) }
    #expect(error?.kind == .limit)
  }
}
