import NIOCore
import Testing

@testable import LibP2P

@Suite("Yamux flow control")
struct YamuxWindowTests {
  private static let half = YamuxLimits.initialWindow / 2

  /// A listener that knows a round trip of 10 ms and has stream 1 open.
  private static func session(_ limits: YamuxLimits = YamuxLimits()) -> YamuxSession {
    var session = YamuxSession.listener(limits)
    _ = session.timerFired(now: .start)
    _ = session.receive(.ping(.ack, 0), now: .start + .milliseconds(10))
    _ = session.receive(.window(1, .syn), now: .start)
    _ = session.sent()
    return session
  }

  @Test("Nothing is sent beyond the credit, and the rest when credit comes")
  func sendWindow() throws {
    var session = YamuxSession(role: .dialer, now: .start)
    let id = try session.open(now: .start)
    try session.write(ByteBuffer(repeating: 0, count: 300_000), to: id)
    func bodies(_ frames: [WireFrame]) -> Int { frames.reduce(0) { $0 + $1.body.count } }
    #expect(bodies(session.sent()) == 262_144)
    _ = session.receive(.window(id, .ack, 1))
    #expect(bodies(session.sent()) == 1)
    _ = session.receive(.window(id, [], 1 << 20))
    #expect(bodies(session.sent()) == 300_000 - 262_145)
  }

  @Test("Credit on a SYN or ACK adds to the initial window")
  func creditOnSyn() throws {
    var session = YamuxSession.listener()
    _ = session.receive(.window(1, .syn, 100_000))
    try session.write(ByteBuffer(repeating: 0, count: 400_000), to: 1)
    #expect(session.sent().reduce(0) { $0 + $1.body.count } == 362_144)
  }

  @Test("Bytes are granted again as they are consumed, by halves of the window")
  func grants() {
    var session = Self.session()
    _ = session.receive(.data(1, [UInt8](repeating: 0, count: 2 * Self.half)))
    let later = NIODeadline.start + .seconds(5)
    session.consume(1, bytes: Self.half - 1, now: later)
    #expect(session.sent().isEmpty)
    session.consume(1, bytes: 1, now: later)
    #expect(session.sent() == [.window(1, [], UInt32(Self.half))])
    #expect(session.unreadBytes == Self.half)
  }

  @Test("What a slow reader took is granted within a second, so that a blocked py-libp2p goes on")
  func slowReader() {
    var session = Self.session()
    _ = session.receive(.data(1, [UInt8](repeating: 0, count: 2 * Self.half)))
    session.consume(1, bytes: 10, now: .start)
    #expect(session.nextDeadline == .start + .seconds(1))
    _ = session.timerFired(now: .start + .seconds(1))
    #expect(session.sent() == [.window(1, [], 10)])
    #expect(session.nextDeadline > .start + .seconds(1))
  }

  @Test("A window doubles when half of it is consumed within four round trips")
  func growth() {
    var session = Self.session()
    _ = session.receive(.data(1, [UInt8](repeating: 0, count: Self.half)))
    session.consume(1, bytes: Self.half, now: .start + .milliseconds(39))
    #expect(session.sent() == [.window(1, [], UInt32(3 * Self.half))])
    _ = session.receive(.data(1, [UInt8](repeating: 0, count: 2 * Self.half)))
    session.consume(1, bytes: 2 * Self.half, now: .start + .milliseconds(100))
    #expect(session.sent() == [.window(1, [], UInt32(2 * Self.half))])
  }

  @Test("A window grows to 16 MiB at most, all windows together by their common limit")
  func growthLimits() {
    var limits = YamuxLimits()
    limits.windowGrowth = 17 << 20
    var session = Self.session(limits)
    _ = session.receive(.window(3, .syn))
    _ = session.sent()
    for (id, largest) in [(UInt32(1), 16 << 20), (3, 1 << 20)] {
      var window = YamuxLimits.initialWindow
      for _ in 0..<10 {
        // The peer uses all of its window, in frames no longer than the window.
        #expect(session.receive(.data(id, [UInt8](repeating: 0, count: window))).failure == nil)
        session.consume(id, bytes: window, now: .start)
        let credit = session.sent().reduce(0) { $0 + Int($1.length) }
        #expect(credit >= window)
        window = credit
      }
      #expect(window == largest)
    }
  }

  @Test("Credit is not granted after the peer's FIN")
  func noGrantAfterFin() {
    var session = Self.session()
    _ = session.receive(.data(1, [UInt8](repeating: 0, count: 2 * Self.half), .fin))
    session.consume(1, bytes: 2 * Self.half, now: .start)
    #expect(session.sent().isEmpty)
  }

  @Test("A body spread over many portions arrives piece by piece")
  func fragments() {
    var session = Self.session()
    let frame = WireFrame.data(1, [UInt8](0..<200), .fin).bytes
    var received: [UInt8] = []
    var finished = false
    for byte in frame {
      for event in session.receive(ByteBuffer(bytes: [byte]), now: .start) {
        switch event {
        case .received(1, let piece): received += piece.readableBytesView
        case .finished(1): finished = true
        default: Issue.record("unexpected \(event)")
        }
      }
    }
    #expect(received == [UInt8](0..<200))
    #expect(finished)
  }
}
