import BigInt
import Testing

@testable import Substrate

@Suite("Values by type")
struct DynamicValueTests {
  private static let primitives = PortableType.Primitive.allCases
  private static let registry = TypeRegistry(
    primitives.map { PortableType(path: [], parameters: [], definition: .primitive($0), docs: []) })

  private func id(_ primitive: PortableType.Primitive) -> TypeID { TypeID(primitive.rawValue) }

  @Test("Integers at the borders of every width survive, one beyond is refused")
  func integerBorders() throws {
    let widths: [(PortableType.Primitive, Int, Bool)] = [
      (.u8, 8, false), (.u16, 16, false), (.u32, 32, false), (.u64, 64, false), (.u128, 128, false),
      (.u256, 256, false), (.i8, 8, true), (.i16, 16, true), (.i32, 32, true), (.i64, 64, true),
      (.i128, 128, true), (.i256, 256, true),
    ]
    for (primitive, bits, isSigned) in widths {
      let low = isSigned ? -(BigInt(1) << (bits - 1)) : 0
      let high = (BigInt(1) << (isSigned ? bits - 1 : bits)) - 1
      for value in [low, low + 1, 0, 1, high - 1, high] {
        let bytes = try Self.registry.encode(.bigSigned(value), as: id(primitive))
        #expect(bytes.count == bits / 8)
        let decoded = try Self.registry.decode(bytes, as: id(primitive))
        #expect(try Self.registry.encode(decoded, as: id(primitive)) == bytes)
        #expect(Fixture(decoded) == .text(String(value)), "\(primitive)")
        // Text stands for a number too.
        #expect(try Self.registry.encode(.text(String(value)), as: id(primitive)) == bytes)
      }
      for value in [low - 1, high + 1] {
        #expect(throws: ScaleError.self) { try Self.registry.encode(.bigSigned(value), as: id(primitive)) }
      }
    }
  }

  @Test("Random bytes as every primitive: refused, or encoded back to themselves")
  func random() throws {
    var generator = SplitMix64(seed: 1)
    for primitive in Self.primitives {
      for _ in 0..<200 {
        let bytes = (0..<Int(generator.next() % 40)).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
        guard let value = try? Self.registry.decode(bytes, as: id(primitive)) else { continue }
        #expect(try Self.registry.encode(value, as: id(primitive)) == bytes)
      }
    }
  }

  @Test("Views of values refuse what they don't expect, with the path")
  func views() throws {
    let value = ScaleValue.fields([
      .init("a", .sequence([1, "text"])), .init("b", .option(.bool(true))), .init("c", .bytes([1])),
    ])
    #expect(try value.field("b").optional { v throws(ScaleError) in try v.boolean() } == true)
    #expect(try value.field("c").byteArray() == [1])
    let error = #expect(throws: ScaleError.self) {
      try value.field("a") { v throws(ScaleError) in
        try v.map { v throws(ScaleError) in try v.integer(as: UInt32.self) }
      }
    }
    #expect(error?.message == "a.[1]: an integer that fits UInt32 expected, text found")
    #expect(error?.description.contains("[scale.mismatch]") == true)
    #expect(throws: ScaleError.self) { try value.field("missing") }
    #expect(throws: ScaleError.self) { try value.elements() }
    #expect(throws: ScaleError.self) { try value.integer(as: UInt8.self) }
    #expect(throws: ScaleError.self) { try ScaleValue.unsigned(256).integer(as: UInt8.self) }
  }
}
