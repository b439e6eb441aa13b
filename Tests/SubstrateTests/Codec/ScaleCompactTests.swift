import BigInt
import Testing

@testable import Substrate

@Suite("Compact integers")
struct ScaleCompactTests {
  @Test("Recorded compacts, both ways")
  func recorded() throws {
    let vectors = try Fixture.load("chain/general.json")["compact"].list
    #expect(vectors.count == 13)
    for vector in vectors {
      let value = try #require(vector["value"].text.flatMap { UInt128($0) })
      var writer = ScaleWriter()
      writer.write(compact: value)
      #expect(writer.bytes == vector["scale"].hex)
      var reader = ScaleReader(writer.bytes)
      #expect(try reader.readCompact() == value)
      try reader.finish()
    }
  }

  @Test("Values around every power of two survive")
  func roundTrip() throws {
    for shift in 0..<128 {
      for offset: UInt128 in [0, 1, .max] {
        let value = (UInt128(1) << UInt128(shift)) &+ offset
        var writer = ScaleWriter()
        writer.write(compact: value)
        var reader = ScaleReader(writer.bytes)
        #expect(try reader.readCompact() == value)
        #expect(reader.remaining == 0)
      }
    }
  }

  @Test("Big compacts of up to 536 bits survive; larger ones are refused")
  func big() throws {
    for bits in [1, 127, 128, 129, 255, 256, 535, 536] {
      let value = BigUInt(1) << bits - 1
      var writer = ScaleWriter()
      try writer.write(compact: value)
      var reader = ScaleReader(writer.bytes)
      #expect(try reader.readBigCompact() == value)
      #expect(reader.remaining == 0)
    }
    var writer = ScaleWriter()
    #expect(throws: ScaleError.self) { try writer.write(compact: BigUInt(1) << 536) }
  }

  @Test(
    "S7 a compact longer than it needs to be is refused",
    arguments: [
      [0x01, 0x00], [0xfd, 0x00], [0x02, 0x00, 0x00, 0x00], [0xfe, 0xff, 0x00, 0x00],
      [0x03, 0x00, 0x00, 0x00, 0x00], [0x03, 0xff, 0xff, 0xff, 0x3f], [0x07, 0xff, 0xff, 0xff, 0xff, 0x00],
      [0x33] + [UInt8](repeating: 0xff, count: 15) + [0],
    ] as [[UInt8]])
  func minimality(_ bytes: [UInt8]) {
    var reader = ScaleReader(bytes)
    let error = #expect(throws: ScaleError.self) { try reader.readCompact() }
    #expect(error?.kind == .malformed)
    var big = ScaleReader(bytes)
    #expect(throws: ScaleError.self) { try big.readBigCompact() }
  }

  @Test("S7 a truncated compact is refused, and one wider than 128 bits")
  func refused() {
    for bytes: [UInt8] in [[], [0x01], [0x02, 0, 1], [0x03, 1, 2, 3], [0x33, 1]] {
      var reader = ScaleReader(bytes)
      #expect(throws: ScaleError.self) { try reader.readCompact() }
    }
    var wide = ScaleReader([0x37] + [UInt8](repeating: 1, count: 17))
    let error = #expect(throws: ScaleError.self) { try wide.readCompact() }
    #expect(error?.kind == .limit)
  }
}
