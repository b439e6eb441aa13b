import NIOCore
import Testing

@testable import LibP2P

@Suite("ping")
struct PingTests {
  @Test("Every 32 bytes come back as they came, whatever the pieces; less is kept until it is whole")
  func echo() {
    var generator = SeededGenerator(seed: 20)
    for _ in 0..<100 {
      var echo = PingEcho()
      let payload = generator.bytes(Int.random(in: 0...200, using: &generator))
      var rest = payload[...]
      var back: [UInt8] = []
      while !rest.isEmpty {
        let count = Int.random(in: 1...min(rest.count, 70), using: &generator)
        if let answer = echo.receive(ByteBuffer(bytes: rest.prefix(count))) { back += [UInt8](buffer: answer) }
        rest = rest.dropFirst(count)
      }
      #expect(back == Array(payload.prefix(payload.count / 32 * 32)))
    }
  }

  @Test("A round trip is measured from sending to the last byte, again and again on one stream")
  func roundTrip() throws {
    var generator = SeededGenerator(seed: 21)
    var probe = PingProbe()
    var echo = PingEcho()
    for round in 0..<5 {
      let start = NIODeadline.uptimeNanoseconds(UInt64(1_000 + round))
      let answer = echo.receive(probe.start(now: start, using: &generator))
      let bytes = [UInt8](buffer: try #require(answer))
      #expect(bytes.count == 32)
      #expect(try probe.receive(ByteBuffer(bytes: bytes.prefix(31)), now: start + .nanoseconds(5)) == nil)
      let time = try probe.receive(ByteBuffer(bytes: bytes.suffix(1)), now: start + .nanoseconds(9))
      #expect(time == .nanoseconds(9))
    }
  }

  @Test("Anything but the payload is refused: changed, too much, or unasked")
  func mismatch() throws {
    var generator = SeededGenerator(seed: 22)
    var probe = PingProbe()
    let now = NIODeadline.uptimeNanoseconds(1)
    #expect(throws: PingError.self) { try probe.receive(ByteBuffer(bytes: [0]), now: now) }
    for change in 0..<2 {
      var bytes = [UInt8](buffer: probe.start(now: now, using: &generator))
      if change == 0 { bytes[31] ^= 1 } else { bytes.append(0) }
      #expect(throws: PingError.self) { try probe.receive(ByteBuffer(bytes: bytes), now: now) }
    }
  }
}
