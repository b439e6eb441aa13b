import NIOCore
import Testing

@testable import LibP2P

/// Frames that p2pd exchanged with an independent implementation (mesh-wire.md §1.3).
@Suite("Yamux as p2pd spoke it")
struct YamuxInteropVectorTests {
  private struct Captures: Decodable {
    struct Session: Decodable {
      var yamux: [Row]
    }
    struct Row: Decodable {
      var dir: String
      var type: String
      var flags: String
      var sid: UInt32
      var len: UInt32
      var data: Hex?

      var frame: WireFrame {
        let kind: YamuxFrame.Kind =
          switch type {
          case "DATA": .data
          case "WINDOW": .windowUpdate
          case "PING": .ping
          default: .goAway
          }
        let flag: YamuxFrame.Flags =
          switch flags {
          case "SYN": .syn
          case "ACK": .ack
          case "FIN": .fin
          case "RST": .rst
          default: []
          }
        return WireFrame(kind: kind, flags: flag, stream: sid, length: len, body: data?.bytes ?? [])
      }
    }
    var initiatorEd25519EarlyMuxer: Session
    var initiatorRsaNoEarlyMuxer: Session
    var responderEd25519EarlyMuxer: Session
  }

  /// Plays the far side's frames and does what the near side did; the frames it sends must be the recorded ones.
  @Test("The recorded sessions replay frame by frame, except for our own keepalive")
  func replay() throws {
    let captures = try Vectors.load("mesh/noise_yamux_captures.json", as: Captures.self)
    for (role, session) in [
      (YamuxSession.Role.dialer, captures.initiatorEd25519EarlyMuxer),
      (.dialer, captures.initiatorRsaNoEarlyMuxer),
      (.listener, captures.responderEd25519EarlyMuxer),
    ] {
      var ours = YamuxSession(role: role, now: .start)
      var sent: [WireFrame] = []
      for row in session.yamux {
        let frame = row.frame
        if row.dir == "in" {
          #expect(ours.receive(frame).failure == nil)
        } else if frame.kind == .windowUpdate, frame.flags == .syn {
          #expect(try ours.open(now: .start) == frame.stream)
        } else if frame.kind == .data {
          try ours.write(ByteBuffer(bytes: frame.body), to: frame.stream)
        } else if frame.flags == .fin {
          ours.finish(frame.stream)
        }
        sent += ours.sent()
      }
      #expect(sent == session.yamux.filter { $0.dir == "out" }.map(\.frame))
    }
  }
}
