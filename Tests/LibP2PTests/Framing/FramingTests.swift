import NIOCore
import Testing

@testable import LibP2P

@Suite("Length-prefixed framing")
struct FramingTests {
  @Test("Varints of every length read back, and come apart only at their end")
  func roundTrip() throws {
    var generator = SeededGenerator(seed: 1)
    for bits in 1...63 {
      let value = UInt64.random(in: 0..<(1 << UInt64(bits)), using: &generator)
      let bytes = Varint.encode(value)
      #expect(bytes.count <= Varint.maximumLength)
      let decoded = try #require(try Varint.decode(bytes + [0xff, 0xff]))
      #expect(decoded.value == value && decoded.length == bytes.count)
      for cut in 0..<bytes.count {
        #expect(try Varint.decode(bytes.prefix(cut)) == nil)
      }
    }
  }

  @Test(
    "Known encodings",
    arguments: [(0, [0]), (127, [127]), (128, [0x80, 1]), (300, [0xac, 2]), (16384, [0x80, 0x80, 1])]
      as [(UInt64, [UInt8])])
  func known(_ value: UInt64, _ bytes: [UInt8]) throws {
    #expect(Varint.encode(value) == bytes)
  }

  @Test("S4 a varint of ten bytes or more, or padded with zeros, is refused")
  func badVarints() {
    let long = [UInt8](repeating: 0x80, count: 9) + [1]
    for bytes in [long, [UInt8](repeating: 0xff, count: 20), [0x80, 0x00], [0xff, 0x80, 0x00]] {
      #expect(throws: FramingError.self) { try Varint.decode(bytes) }
    }
  }

  @Test("Messages come out whole however the bytes were split")
  func fragmentation() throws {
    var generator = SeededGenerator(seed: 2)
    let bodies = [[], [1], generator.bytes(127), generator.bytes(128), generator.bytes(5_000)]
    let stream = bodies.flatMap { [UInt8](buffer: FrameDecoder.frame($0)) }
    for _ in 0..<50 {
      var decoder = FrameDecoder(maximumLength: 5_000)
      var rest = stream[...]
      var read: [[UInt8]] = []
      while !rest.isEmpty {
        let count = Int.random(in: 1...min(rest.count, 600), using: &generator)
        decoder.append(ByteBuffer(bytes: rest.prefix(count)))
        rest = rest.dropFirst(count)
        while let body = try decoder.next() { read.append([UInt8](buffer: body)) }
      }
      #expect(read == bodies)
      try decoder.finish()
    }
  }

  @Test("S4 a length above the cap is refused before its body arrives")
  func cap() throws {
    var decoder = FrameDecoder(maximumLength: 100)
    decoder.append(ByteBuffer(bytes: Varint.encode(101)))
    let error = #expect(throws: FramingError.self) { try decoder.next() }
    #expect(error?.code == "framing.message-too-long")
    var huge = FrameDecoder(maximumLength: .max)
    huge.append(ByteBuffer(bytes: Varint.encode(UInt64(Int64.max))))
    #expect(try huge.next() == nil)
  }

  @Test("S4 the end of the stream inside a message is an error")
  func truncated() throws {
    var decoder = FrameDecoder(maximumLength: 100)
    decoder.append(ByteBuffer(bytes: [5, 1, 2]))
    #expect(try decoder.next() == nil)
    #expect(throws: FramingError.self) { try decoder.finish() }
  }
}
