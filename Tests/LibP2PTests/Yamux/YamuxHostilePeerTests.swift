import NIOCore
import Testing

@testable import LibP2P

@Suite("S2 Yamux against hostile peers")
struct YamuxHostilePeerTests {
  /// What one peer may do in a burst before the session ends, with room for the limits to change.
  private static let flood = 200_000

  /// Repeats until the session ends; how often it took, nil if it never did.
  private static func repeats(
    _ session: inout YamuxSession, reading: Bool = true, _ frames: (UInt32) -> [WireFrame]
  ) -> (count: Int, code: YamuxError.Code)? {
    for round in 0..<flood {
      let bytes = ByteBuffer(bytes: frames(UInt32(round)).flatMap(\.bytes))
      if let code = session.receive(bytes, now: .start).failure { return (round, code) }
      if reading { _ = session.sent() }
    }
    return nil
  }

  @Test("A frame of another version or type ends the session with a protocol error")
  func badHeaders() {
    for (index, value, code) in [(0, UInt8(1), YamuxError.Code.version), (1, 4, .frameType)] {
      var session = YamuxSession.listener()
      var bytes = WireFrame.window(1, .syn).bytes
      bytes[index] = value
      #expect(session.receive(ByteBuffer(bytes: bytes), now: .start).failure == code)
      #expect(session.sent() == [.goAway(1)])
      #expect(session.receive(.window(1, .syn)).isEmpty)
    }
  }

  @Test("Stream ids of the wrong parity, in use, or zero end the session")
  func badStreamIDs() {
    var session = YamuxSession.listener()
    #expect(session.receive(.window(2, .syn)).failure == .streamID)
    session = .listener()
    #expect(session.receive(.window(1, .syn), .window(1, .syn)).failure == .streamID)
    session = .listener()
    #expect(session.receive(.data(0, [1])).failure == .streamID)
    session = YamuxSession(role: .dialer, now: .start)
    #expect(session.receive(.window(1, .syn)).failure == .streamID)
  }

  @Test("CVE-2026-32314 a first frame longer than the window ends the session")
  func firstFrameBeyondWindow() {
    let limit = YamuxLimits.initialWindow
    var session = YamuxSession.listener()
    #expect(session.receive(.data(1, [UInt8](repeating: 0, count: limit), .syn)).failure == nil)
    #expect(session.receive(.data(1, [0])).failure == .windowExceeded)
    session = .listener()
    #expect(
      session.receive(.data(1, [UInt8](repeating: 0, count: limit + 1), .syn)).failure == .windowExceeded)
  }

  @Test("A body of 4 GiB is refused by its header, on any stream")
  func hugeLength() {
    var session = YamuxSession.listener()
    let frame = WireFrame(kind: .data, flags: .syn, stream: 1, length: .max)
    #expect(session.receive(frame).failure == .windowExceeded)
    session = .listener()
    #expect(session.receive(WireFrame(kind: .data, stream: 9, length: .max)).failure == .windowExceeded)
  }

  @Test("CVE-2026-31814 the largest credit twice saturates")
  func creditOverflow() throws {
    var session = YamuxSession.listener()
    _ = session.receive(.window(1, .syn, .max), .window(1, [], .max), .window(1, [], .max))
    try session.write(ByteBuffer(repeating: 0, count: 1 << 20), to: 1)
    #expect(session.sent().reduce(0) { $0 + $1.body.count } == 1 << 20)
  }

  @Test("Bytes after FIN cost the stream, not the connection")
  func dataAfterFin() {
    var session = YamuxSession.listener()
    _ = session.receive(.window(1, .syn), .window(1, .fin))
    _ = session.sent()
    #expect(session.receive(.data(1, [1])) == [.reset(1)])
    #expect(session.sent() == [.window(1, .rst)])
    #expect(session.receive(.window(3, .syn)) == [.opened(3)])
  }

  @Test("Bytes after RST and for unknown streams go nowhere")
  func dataAfterReset() {
    var session = YamuxSession.listener()
    _ = session.receive(.window(1, .syn), .window(1, .rst))
    #expect(session.receive(.data(1, [1, 2, 3]), .data(99, [4]), .window(3, .syn)) == [.opened(3)])
  }

  @Test("A flood of SYNs gets no more streams than the limit, then RSTs, then ends the session")
  func synFlood() throws {
    var session = YamuxSession.listener()
    let limit = YamuxLimits().inboundStreams
    for index in 0..<limit { _ = session.receive(.window(UInt32(2 * index + 1), .syn)) }
    _ = session.sent()
    let next = UInt32(2 * limit + 1)
    #expect(session.receive(.window(next, .syn)).isEmpty)
    #expect(session.sent() == [.window(next, .rst)])
    let end = Self.repeats(&session) { [.window(next + 2 * $0, .syn)] }
    #expect(end?.code == .flood)
    #expect(session.streamCount == limit)
  }

  @Test("CVE-2023-44487 opening and resetting streams ends the session")
  func rapidReset() {
    var session = YamuxSession.listener()
    let end = Self.repeats(&session) { [.window(2 * $0 + 1, .syn), .window(2 * $0 + 1, .rst)] }
    #expect(end?.code == .flood)
  }

  @Test("Resets of streams that we are done with are how go-libp2p ends calls, and cost nothing")
  func orderlyResets() {
    var session = YamuxSession.listener()
    for index in 0..<UInt32(20_000) {
      _ = session.receive(.window(2 * index + 1, .syn))
      session.finish(2 * index + 1)
      _ = session.sent()
      #expect(session.receive(.window(2 * index + 1, .rst)) == [.reset(2 * index + 1)])
    }
  }

  @Test("A flood of PINGs ends the session")
  func pingFlood() {
    var session = YamuxSession.listener()
    #expect(Self.repeats(&session) { [.ping(.syn, $0)] }?.code == .flood)
  }

  @Test("Unasked PING answers, empty data, useless credit, stray RSTs and repeated go-aways end the session in the end")
  func idleFloods() {
    let floods: [WireFrame] = [
      .ping(.ack, 5), .data(1, []), .window(1), .window(1, [], 1), .window(77, [], 9), .window(77, .rst), .goAway(0),
    ]
    for frame in floods {
      var session = YamuxSession.listener()
      _ = session.receive(.window(1, .syn))
      #expect(Self.repeats(&session) { _ in [frame] }?.code == .flood, "\(frame)")
    }
  }

  @Test("Answers that the peer does not read are bounded")
  func unreadAnswers() {
    var limits = YamuxLimits()
    limits.pings = TokenBucket(burst: .max >> 32, interval: .nanoseconds(1))
    limits.idleFrames = limits.pings
    limits.inboundStreams = 0
    for flood in [{ .ping(.syn, $0) }, { .window(2 * $0 + 1, .syn) }] as [(UInt32) -> WireFrame] {
      var session = YamuxSession.listener(limits)
      let end = Self.repeats(&session, reading: false) { [flood($0)] }
      #expect(end?.count == limits.controlFrames)
      #expect(end?.code == .controlQueue)
    }
  }

  @Test("A reader that returns credit byte by byte, also after the stream's end, is no flood")
  func finelyGrainedCredit() throws {
    var session = YamuxSession.listener()
    for round in 0..<UInt32(10) {
      let id = 2 * round + 1
      _ = session.receive(.window(id, [.syn, .fin]))
      try session.write(ByteBuffer(repeating: 0, count: 20_000), to: id)
      session.finish(id)
      _ = session.sent()
      let credit = (0..<20_000).flatMap { _ in WireFrame.window(id, [], 1).bytes }
      #expect(session.receive(ByteBuffer(bytes: credit), now: .start).failure == nil)
    }
  }

  @Test("What was under way when we reset a stream is no flood")
  func dataUnderWayAtReset() {
    var session = YamuxSession.listener()
    _ = session.receive(.window(1, .syn))
    _ = session.reset(1)
    let late = (0..<20_000).flatMap { _ in WireFrame.data(1, [0]).bytes }
    #expect(session.receive(ByteBuffer(bytes: late), now: .start).failure == nil)
  }

  @Test("rust-libp2p#5410 both sides writing without reading block without loss and go on")
  func mutualWriting() throws {
    var dialer = YamuxSession(role: .dialer, now: .start)
    var listener = YamuxSession.listener()
    let id = try dialer.open(now: .start)
    let amount = 3 << 20
    try dialer.write(ByteBuffer(repeating: 1, count: amount), to: id)
    _ = listener.receive(ByteBuffer(bytes: dialer.sent().flatMap(\.bytes)), now: .start)
    try listener.write(ByteBuffer(repeating: 2, count: amount), to: id)
    _ = dialer.receive(ByteBuffer(bytes: listener.sent().flatMap(\.bytes)), now: .start)
    #expect(dialer.sent().isEmpty)
    #expect(listener.sent().isEmpty)
    #expect(dialer.unreadBytes == YamuxLimits.initialWindow)
    var moved = (up: listener.unreadBytes, down: dialer.unreadBytes)
    while true {
      dialer.consume(id, bytes: .max, now: .start)
      listener.consume(id, bytes: .max, now: .start)
      let up = dialer.sent().flatMap(\.bytes)
      let down = listener.sent().flatMap(\.bytes)
      if up.isEmpty, down.isEmpty { break }
      _ = listener.receive(ByteBuffer(bytes: up), now: .start)
      _ = dialer.receive(ByteBuffer(bytes: down), now: .start)
      moved = (moved.up + listener.unreadBytes, moved.down + dialer.unreadBytes)
    }
    #expect(moved == (amount, amount))
  }

  @Test("Random bytes and random frames never trap, and memory stays within the windows")
  func randomInput() {
    var random = SeededGenerator(seed: 5)
    for round in 0..<2_000 {
      var session =
        round.isMultiple(of: 2) ? YamuxSession.listener() : YamuxSession(role: .dialer, now: .start)
      if let id = try? session.open(now: .start) { try? session.write(ByteBuffer(bytes: [1]), to: id) }
      for _ in 0..<40 {
        let frame = WireFrame(
          kind: [.data, .windowUpdate, .ping, .goAway].randomElement(using: &random) ?? .data,
          flags: YamuxFrame.Flags(rawValue: .random(in: 0..<16, using: &random)),
          stream: .random(in: 0..<8, using: &random),
          length: [0, 1, 7, 262_144, 262_145, .max].randomElement(using: &random) ?? 0)
        let noise =
          Bool.random(using: &random) ? frame.bytes : random.bytes(.random(in: 0..<60, using: &random))
        _ = session.receive(ByteBuffer(bytes: noise), now: .start)
        if Bool.random(using: &random) { _ = session.sent() }
        if Bool.random(using: &random) {
          session.consume(.random(in: 0..<8, using: &random), bytes: 100, now: .start)
        }
        #expect(session.unreadBytes <= session.streamCount * YamuxLimits.initialWindow)
      }
    }
  }
}
