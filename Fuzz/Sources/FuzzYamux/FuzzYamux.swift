import Fuzzing
import NIOCore

@testable import LibP2P

/// What a hostile peer sends inside the secure channel. The first byte chooses the side that it attacks. However the
/// bytes are cut, the outcome must be the same, and nothing may grow beyond what was granted.
@main
struct FuzzYamux: FuzzTarget {
  private static let now = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

  func seeds() throws -> [[UInt8]] {
    func frame(_ kind: YamuxFrame.Kind, _ flags: YamuxFrame.Flags, _ stream: UInt32, _ length: UInt32) -> [UInt8] {
      var buffer = ByteBuffer()
      YamuxFrame(kind, flags, stream: stream, length: length).write(to: &buffer)
      return [UInt8](buffer: buffer)
    }
    let hello = frame(.data, [], 1, 5) + Array("hello".utf8)
    let conversations: [[UInt8]] = [
      frame(.windowUpdate, .syn, 1, 0) + hello + frame(.windowUpdate, .fin, 1, 0) + hello,
      frame(.data, [.syn, .fin], 1, 5) + Array("hello".utf8) + frame(.windowUpdate, .rst, 1, 0) + hello,
      frame(.ping, .syn, 0, 7) + frame(.ping, .ack, 0, 0) + frame(.goAway, [], 0, 0) + frame(.windowUpdate, .syn, 3, 9),
      frame(.windowUpdate, .ack, 2, 262_144) + frame(.data, .fin, 2, 1) + [0] + frame(.windowUpdate, [], 2, .max),
      frame(.data, .syn, 1, .max), frame(.windowUpdate, .syn, 2, 0), [1, 0, 0, 0],
    ]
    return conversations.flatMap { [Array("l".utf8) + $0, Array("d".utf8) + $0] }
  }

  func take(_ input: [UInt8]) {
    let bytes = Array(input.dropFirst())
    let role: YamuxSession.Role = input.first == UInt8(ascii: "d") ? .dialer : .listener
    promise(run(role, bytes, piece: 1) == run(role, bytes, piece: bytes.count), "cutting changes what is received")
  }

  private struct Outcome: Equatable {
    var received: [UInt32: [UInt8]] = [:]
    var others: [YamuxEvent] = []
    var sent: [UInt8] = []
  }

  private func run(_ role: YamuxSession.Role, _ bytes: [UInt8], piece: Int) -> Outcome {
    var session = YamuxSession(role: role, now: Self.now)
    var outcome = Outcome()
    for _ in 0..<2 {
      if let id = try? session.open(now: Self.now) { try? session.write(ByteBuffer(string: "request"), to: id) }
    }
    var out = ByteBuffer()
    _ = session.drain(into: &out, target: .max)
    var rest = bytes[...]
    while !rest.isEmpty {
      let part = rest.prefix(max(1, piece))
      rest = rest.dropFirst(part.count)
      for event in session.receive(ByteBuffer(bytes: part), now: Self.now) {
        if case .received(let id, let body) = event {
          outcome.received[id, default: []] += body.readableBytesView
        } else {
          outcome.others.append(event)
        }
      }
      promise(
        session.unreadBytes <= session.streamCount * YamuxLimits.initialWindow, "more is buffered than was granted")
    }
    for id in outcome.received.keys.sorted() { session.consume(id, bytes: .max, now: Self.now) }
    _ = session.timerFired(now: Self.now)
    out.clear()
    _ = session.drain(into: &out, target: .max)
    outcome.sent = [UInt8](buffer: out)
    promise(
      outcome.sent.count <= YamuxFrame.headerLength * (YamuxLimits().controlFrames + 4 * session.streamCount + 64) + 64,
      "answers are not bounded")
    return outcome
  }
}
