import NIOCore
import Testing

@testable import LibP2P

@Suite("Yamux session")
struct YamuxSessionTests {
  private static let bytes = ByteBuffer(string: "hello")

  @Test("Streams open with a window update of no credit; dialers take odd ids, listeners even ones")
  func opening() throws {
    var dialer = YamuxSession(role: .dialer, now: .start)
    #expect(try dialer.open(now: .start) == 1)
    #expect(try dialer.open(now: .start) == 3)
    #expect(dialer.sent() == [.window(1, .syn), .window(3, .syn)])
    var listener = YamuxSession.listener()
    #expect(try listener.open(now: .start) == 2)
  }

  @Test("A stream of the peer is acknowledged without credit, however its SYN travels")
  func accepting() {
    var session = YamuxSession.listener()
    #expect(session.receive(.window(1, .syn)) == [.opened(1)])
    #expect(session.receive(.data(3, [7], .syn)) == [.opened(3), .received(3, ByteBuffer(bytes: [7]))])
    #expect(session.receive(.window(5, [.syn, .fin])) == [.opened(5), .finished(5)])
    #expect(session.sent() == [.window(1, .ack), .window(3, .ack), .window(5, .ack)])
  }

  @Test("A write that the window holds travels as one frame, longer ones are cut to Noise messages")
  func framesOfAWrite() throws {
    var session = YamuxSession(role: .dialer, now: .start)
    let id = try session.open(now: .start)
    try session.write(ByteBuffer(repeating: 1, count: 65_440), to: id)
    try session.write(ByteBuffer(repeating: 2, count: 65_441), to: id)
    #expect(session.sent().map(\.length) == [0, 65_440, 65_440, 1])
  }

  @Test("A whole frame is sent in one piece or refused, beyond the window only when asked")
  func wholeFrames() throws {
    var session = YamuxSession(role: .dialer, now: .start)
    let id = try session.open(now: .start)
    #expect(throws: YamuxError.self) {
      try session.write(ByteBuffer(repeating: 1, count: 262_145), to: id, framing: .whole)
    }
    try session.write(ByteBuffer(repeating: 1, count: 262_144), to: id, framing: .whole)
    try session.write(ByteBuffer(repeating: 1, count: 400_000), to: id, framing: .beyondWindow)
    try session.write(Self.bytes, to: id)
    #expect(session.sent().map(\.length) == [0, 262_144, 400_000])
    _ = session.receive(.window(id, .ack, 400_000))
    #expect(session.sent().isEmpty)
    _ = session.receive(.window(id, [], 5))
    #expect(session.sent() == [.data(id, Array("hello".utf8))])
  }

  @Test("A whole frame may wait behind others, as long as the window holds them all")
  func wholeFrameBehindOthers() throws {
    var session = YamuxSession(role: .dialer, now: .start)
    let id = try session.open(now: .start)
    try session.write(Self.bytes, to: id)
    #expect(throws: YamuxError.self) {
      try session.write(ByteBuffer(repeating: 1, count: 262_140), to: id, framing: .whole)
    }
    try session.write(ByteBuffer(repeating: 1, count: 262_139), to: id, framing: .whole)
    #expect(session.sent().map(\.length) == [0, 5, 262_139])
  }

  @Test("FIN goes alone and last; a stream is forgotten when both sides sent theirs")
  func halfClose() throws {
    var session = YamuxSession(role: .dialer, now: .start)
    let id = try session.open(now: .start)
    try session.write(Self.bytes, to: id)
    session.finish(id)
    #expect(session.sent().suffix(2) == [.data(id, Array("hello".utf8)), .window(id, .fin)])
    #expect(throws: YamuxError.self) { try session.write(Self.bytes, to: id) }
    #expect(
      session.receive(.window(id, .ack), .data(id, [1], .fin))
        == [.received(id, ByteBuffer(bytes: [1])), .finished(id), .closed(id)])
    #expect(session.streamCount == 0)
  }

  @Test("A reset of either side forgets the stream and drops what it had queued")
  func resets() throws {
    var session = YamuxSession(role: .dialer, now: .start)
    let first = try session.open(now: .start)
    let second = try session.open(now: .start)
    _ = session.sent()
    try session.write(Self.bytes, to: first)
    try session.write(Self.bytes, to: second)
    #expect(session.reset(first).isEmpty)
    #expect(session.receive(.window(second, .rst)) == [.reset(second)])
    #expect(session.sent() == [.window(first, .rst)])
    #expect(session.streamCount == 0)
  }

  @Test("A stream reset before its SYN went out leaves no trace")
  func resetBeforeOpening() throws {
    var session = YamuxSession(role: .dialer, now: .start)
    _ = session.reset(try session.open(now: .start))
    #expect(session.sent().isEmpty)
  }

  @Test("The acknowledgement backlog holds back SYNs, in order, and nothing else")
  func acknowledgementBacklog() throws {
    var limits = YamuxLimits()
    limits.acknowledgementBacklog = 2
    var session = YamuxSession(role: .dialer, limits: limits, now: .start)
    let ids = try (0..<4).map { _ in try session.open(now: .start) }
    try session.write(Self.bytes, to: ids[0])
    try session.write(Self.bytes, to: ids[2])
    #expect(session.sent().map(\.stream) == [1, 1, 3])
    #expect(!session.hasOutput)
    _ = session.receive(.window(3, .ack))
    #expect(session.sent() == [.window(5, .syn), .data(5, Array("hello".utf8))])
    _ = session.receive(.window(1, .rst))
    #expect(session.sent() == [.window(7, .syn)])
  }

  @Test("PING is answered with its value")
  func answeredPing() {
    var session = YamuxSession.listener()
    #expect(session.receive(.ping(.syn, 77)).isEmpty)
    #expect(session.sent() == [.ping(.ack, 77)])
  }

  @Test("PINGs go out at the start and every 30 s, and measure the round trip")
  func keepalive() {
    var session = YamuxSession.listener()
    #expect(session.nextDeadline == .start)
    #expect(session.timerFired(now: .start).isEmpty)
    #expect(session.sent() == [.ping(.syn, 0)])
    let pong = NIODeadline.start + .milliseconds(3)
    #expect(session.receive(.ping(.ack, 0), now: pong) == [.roundTrip(.milliseconds(3))])
    #expect(session.nextDeadline == .start + .seconds(30))
    _ = session.timerFired(now: .start + .seconds(30))
    #expect(session.sent() == [.ping(.syn, 1)])
  }

  @Test("Ten silent seconds after a PING end the session; bytes prolong it, but not for ever")
  func silence() {
    var silent = YamuxSession.listener()
    _ = silent.timerFired(now: .start)
    #expect(silent.timerFired(now: .start + .seconds(9)).isEmpty)
    #expect(silent.timerFired(now: .start + .seconds(10)).failure == .keepalive)

    var talking = YamuxSession.listener()
    _ = talking.timerFired(now: .start)
    for second in 1...59 {
      let now = NIODeadline.start + .seconds(Int64(second))
      _ = talking.receive(.ping(.syn, 1), now: now)
      #expect(talking.timerFired(now: now).isEmpty)
    }
    #expect(talking.timerFired(now: .start + .seconds(60)).failure == .keepalive)
  }

  @Test("After our go-away streams of the peer are refused, and the session drains")
  func goAwayOfOurs() {
    var session = YamuxSession.listener()
    _ = session.receive(.window(1, .syn))
    _ = session.sent()
    session.goAway()
    #expect(throws: YamuxError.self) { try session.open(now: .start) }
    #expect(session.receive(.window(3, .syn)).isEmpty)
    #expect(session.sent() == [.goAway(0), .window(3, .rst)])
    #expect(!session.isDrained)
    session.finish(1)
    _ = session.sent()
    #expect(session.receive(.window(1, .fin)) == [.finished(1), .closed(1)])
    #expect(session.isDrained)
  }

  @Test("After the peer's go-away nothing is opened; what is open goes on")
  func goAwayOfThePeer() throws {
    var session = YamuxSession(role: .dialer, now: .start)
    let id = try session.open(now: .start)
    _ = session.sent()
    #expect(session.receive(.window(id, .ack), .goAway(0)) == [.goneAway(0)])
    #expect(throws: YamuxError.self) { try session.open(now: .start) }
    try session.write(Self.bytes, to: id)
    #expect(session.sent() == [.data(id, Array("hello".utf8))])
  }

  @Test("Streams take turns frame by frame")
  func fairness() throws {
    var session = YamuxSession(role: .dialer, now: .start)
    let busy = try session.open(now: .start)
    let quick = try session.open(now: .start)
    try session.write(ByteBuffer(repeating: 0, count: 200_000), to: busy)
    try session.write(Self.bytes, to: quick)
    #expect(session.sent().filter { $0.kind == .data }.map(\.stream) == [busy, quick, busy, busy, busy])
  }

  @Test("Draining stops at the target and says what left")
  func drainingInPortions() throws {
    var session = YamuxSession(role: .dialer, now: .start)
    let id = try session.open(now: .start)
    try session.write(ByteBuffer(repeating: 0, count: 100_000), to: id)
    var out = ByteBuffer()
    #expect(session.drain(into: &out, target: 1) == [.sent(id, 65_440)])
    #expect(session.hasOutput)
    #expect(session.drain(into: &out, target: .max) == [.sent(id, 34_560)])
    #expect(!session.hasOutput)
  }
}
