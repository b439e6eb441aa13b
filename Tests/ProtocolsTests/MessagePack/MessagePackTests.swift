import Foundation
import Testing

@testable import Protocols

@Suite("MessagePack")
struct MessagePackTests {
  private struct Vectors: Decodable {
    struct Case: Decodable {
      let value: String
      let hex: Hexadecimal
    }
    let msgpack: [Case]
  }

  private static func vectors() throws -> [Vectors.Case] {
    try MeshVectors.load("dht.json", as: Vectors.self).msgpack
  }

  /// What the vectors say in Python's words.
  private static let meanings: [String: MessagePackValue] = [
    "None": .nil, "True": .bool(true), "False": .bool(false), "0": .int(0), "127": .int(127), "128": .int(128),
    "65536": .int(65536), "4294967296": .int(4_294_967_296), "9223372036854775808": .uint(1 << 63), "-1": .int(-1),
    "-32": .int(-32), "-33": .int(-33), "-129": .int(-129), "-32769": .int(-32769),
    "-2147483649": .int(-2_147_483_649), "0.0": .double(0), "1.5": .double(1.5), "inf": .double(.infinity),
    "''": .string(""), "'abc'": .string("abc"), "b''": .binary(Data()), "b'abc'": .binary(Data("abc".utf8)),
    "[]": .array([]), "[1, 2]": .array([.int(1), .int(2)]), "{}": .map([]),
    "{'a': 1, 'b': [2]}": .map([
      .init(.string("a"), .int(1)), .init(.string("b"), .array([.int(2)])),
    ]),
    "()": .extension(0x40, Data([0x90])), "(1, 2)": .extension(0x40, Data([0x92, 1, 2])),
  ]

  @Test("P-83 every vector of the mesh is read, and written again byte for byte")
  func vectors() throws {
    let cases = try Self.vectors()
    #expect(cases.count > 30)
    for known in cases {
      let value = try MessagePackValue(encoded: Data(known.hex.bytes))
      #expect(Array(value.encoded) == known.hex.bytes, "\(known.value)")
    }
  }

  @Test("P-83 the vectors mean what Python says that they mean")
  func meanings() throws {
    let known = Dictionary(try Self.vectors().map { ($0.value, $0.hex.bytes) }) { first, _ in first }
    for (text, value) in Self.meanings {
      let bytes = try #require(known[text], "\(text)")
      #expect(try MessagePackValue(encoded: Data(bytes)) == value, "\(text)")
    }
  }

  @Test("Every beginning of a value is refused as cut")
  func truncated() throws {
    for known in try Self.vectors() {
      for length in 0..<known.hex.bytes.count {
        #expect { try MessagePackValue(encoded: Data(known.hex.bytes.prefix(length))) } throws: {
          ($0 as? MessagePackError)?.kind == .truncated
        }
      }
    }
  }

  @Test(
    "What is no value, or would grow, is refused",
    arguments: [
      ([0xc1], .malformed), ([0xa1, 0xff], .malformed), ([0xc0, 0xc0], .trailing),
      ([0xdd, 0xff, 0xff, 0xff, 0xff, 0xc0], .truncated), ([0xdb, 0xff, 0xff, 0xff, 0xff], .truncated),
      (Array(repeating: 0x91, count: 5000) + [0xc0], .limit),
      ([0xdd, 0, 2, 0, 0] + Array(repeating: 0xc0, count: 1 << 17), .limit),
    ] as [([UInt8], MessagePackError.Code)])
  func hostile(_ bytes: [UInt8], _ code: MessagePackError.Code) {
    #expect { try MessagePackValue(encoded: Data(bytes)) } throws: { ($0 as? MessagePackError)?.kind == code }
  }

  @Test("Random bytes are refused, or read to what is written as no more bytes", arguments: 0..<8)
  func random(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    for _ in 0..<2000 {
      let bytes = (0..<Int.random(in: 0..<40, using: &random)).map { _ in
        UInt8.random(in: .min ... .max, using: &random)
      }
      guard let value = try? MessagePackValue(encoded: Data(bytes)) else { continue }
      // Numbers may have been written at length, and floats become doubles.
      let again = value.encoded
      #expect(again.count <= bytes.count + 4 * bytes.count { $0 == 0xca })
    }
  }
}
