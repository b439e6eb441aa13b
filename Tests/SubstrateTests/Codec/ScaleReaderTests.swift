import Testing

@testable import Substrate

@Suite("Bounded reading")
struct ScaleReaderTests {
  @Test("S7 a length beyond the bytes that follow is refused before anything is allocated")
  func lengthBombs() {
    var bomb = ScaleWriter()
    bomb.write(compact: UInt128(UInt64.max))
    let bytes = bomb.bytes
    var byteReader = ScaleReader(bytes)
    #expect(throws: ScaleError.self) { try byteReader.readByteSequence() }
    var stringReader = ScaleReader(bytes)
    #expect(throws: ScaleError.self) { try stringReader.readString() }
    var sequenceReader = ScaleReader(bytes)
    let error = #expect(throws: ScaleError.self) {
      try sequenceReader.readSequence { r throws(ScaleError) in try r.readByte() }
    }
    #expect(error?.kind == .limit)
    var bitReader = ScaleReader(bytes)
    #expect(throws: ScaleError.self) {
      try BitSequence(from: &bitReader, width: 8, order: .leastSignificantFirst)
    }
  }

  @Test("S7 elements without bytes are counted")
  func zeroSized() throws {
    var writer = ScaleWriter()
    writer.write(compact: 257)
    var reader = ScaleReader(writer.bytes)
    let error = #expect(throws: ScaleError.self) { try reader.readCount(elementSize: 0) }
    #expect(error?.kind == .limit)
    var few = ScaleReader([4 << 2])
    #expect(try few.readCount(elementSize: 0) == 4)
  }

  @Test("Integers of every width, little-endian")
  func integers() throws {
    let bytes: [UInt8] = Array(1...16)
    var reader = ScaleReader(bytes + bytes + bytes)
    #expect(try reader.readInteger(as: UInt16.self) == 0x0201)
    #expect(try reader.readInteger(as: UInt32.self) == 0x0605_0403)
    #expect(try reader.readInteger(as: UInt64.self) == 0x0e0d_0c0b_0a09_0807)
    #expect(try reader.readInteger(as: UInt16.self) == 0x100f)
    #expect(try reader.readInteger(as: UInt128.self) == 0x100f_0e0d_0c0b_0a09_0807_0605_0403_0201)
    #expect(try reader.readIntegers(4, as: UInt32.self) == [0x0403_0201, 0x0807_0605, 0x0c0b_0a09, 0x100f_0e0d])
    #expect(throws: ScaleError.self) { try reader.readByte() }
    #expect(throws: ScaleError.self) { try reader.readIntegers(.max, as: UInt128.self) }
    #expect(throws: ScaleError.self) { try reader.readIntegers(-1, as: UInt32.self) }
    #expect(throws: ScaleError.self) { try reader.readBytes(-1) }
  }

  @Test("A bool and an option are 0 or 1; text is UTF-8; nothing may be left over")
  func strict() throws {
    var bool = ScaleReader([2])
    #expect(throws: ScaleError.self) { try bool.readBool() }
    var option = ScaleReader([2])
    #expect(throws: ScaleError.self) { try option.readOption { r throws(ScaleError) in try r.readByte() } }
    var text = ScaleReader([4, 0xff])
    #expect(throws: ScaleError.self) { try text.readString() }
    let rest = ScaleReader([1])
    #expect(throws: ScaleError(.trailing, "1 bytes are left over after the value")) { try rest.finish() }
  }

  @Test("Bit sequences, both orders and all widths")
  func bits() throws {
    for width in [8, 16, 32, 64] {
      for order in [BitSequence.Order.leastSignificantFirst, .mostSignificantFirst] {
        for count in [0, 1, 7, 8, 9, 63, 64, 65, 200] {
          let bits = BitSequence((0..<count).map { $0 % 3 == 0 || $0 % 7 == 2 })
          var writer = ScaleWriter()
          bits.encode(to: &writer, width: width, order: order)
          var reader = ScaleReader(writer.bytes)
          #expect(try BitSequence(from: &reader, width: width, order: order) == bits)
          #expect(reader.remaining == 0)
        }
      }
    }
    // The layout that bitvec documents for 0b1010_0001 in Lsb0: the first bit is the least significant.
    var reader = ScaleReader([8 << 2, 0b1010_0001])
    #expect(
      Array(try BitSequence(from: &reader, width: 8, order: .leastSignificantFirst))
        == [true, false, false, false, false, true, false, true])
  }

  @Test("Hex, both ways and refused")
  func hex() {
    #expect(Hex.encode([0, 0xab, 0xff]) == "0x00abff")
    #expect(Hex.decode("0x00aBFf") == [0, 0xab, 0xff])
    #expect(Hex.decode("00ab") == [0, 0xab])
    #expect(Hex.decode("0x") == [])
    for text in ["0x0", "0xgg", "x0", "0x 1", "é1"] { #expect(Hex.decode(text) == nil) }
  }
}
