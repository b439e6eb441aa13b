import Fuzzing
import NIOCore

@testable import LibP2P

/// What a hostile peer says while a protocol is agreed on. The first byte chooses the role. However the bytes are cut,
/// the outcome must be the same.
@main
struct FuzzNegotiation: FuzzTarget {
  func seeds() throws -> [[UInt8]] {
    let header = Multistream.line(Multistream.header)
    let conversations: [[UInt8]] = [
      header + Multistream.line("/b") + [1, 2, 3], header + Multistream.line("na") + Multistream.line("/b"),
      header + Multistream.line("ls") + Multistream.line("/x") + Multistream.line("/a"), header,
      header + Multistream.line("/x") + [0xff, 0xff],
    ]
    return conversations.flatMap { [Array("l".utf8) + $0, Array("d".utf8) + $0] }
      + (try Vectors.hex("/ipfs/kad/1.0.0", in: "subnet/multistream.json")).map { Array("l".utf8) + header + $0 }
  }

  func take(_ input: [UInt8]) {
    let bytes = Array(input.dropFirst())
    switch input.first.map({ Unicode.Scalar($0) }) {
    case "l": promise(listen(bytes, pieces: bytes.count) == listen(bytes, pieces: 1), "cutting changes what is heard")
    case "d":
      // A dialer answers in turn: only the first word decides.
      _ = (dial(bytes, pieces: bytes.count), dial(bytes, pieces: 1))
    default: break
    }
  }

  private struct Outcome: Equatable {
    var selected: String?
    var sent: [UInt8] = []
    var rest: [UInt8] = []
  }

  private func listen(_ bytes: [UInt8], pieces: Int) -> Outcome {
    var listener = NegotiationListener(listing: ["/a"])
    var outcome = Outcome()
    var rest = bytes[...]
    while !rest.isEmpty {
      let piece = rest.prefix(max(1, bytes.count / max(1, pieces)))
      rest = rest.dropFirst(piece.count)
      guard outcome.selected == nil else {
        outcome.rest += piece
        continue
      }
      guard let action = try? listener.receive(ByteBuffer(bytes: piece), isSupported: { $0 == "/a" || $0 == "/b" })
      else { return outcome }
      switch action {
      case .wait: break
      case .send(let answer): outcome.sent += [UInt8](buffer: answer)
      case .selected(let id, let answer, let behind):
        outcome.selected = id
        outcome.sent += [UInt8](buffer: answer)
        outcome.rest += [UInt8](buffer: behind)
      }
      promise(outcome.sent.count <= 20 * Multistream.maximumLineLength, "a listener says more than it may")
    }
    return outcome
  }

  private func dial(_ bytes: [UInt8], pieces: Int) -> String? {
    guard var dialer = try? NegotiationDialer(proposals: ["/a", "/b"]) else { return nil }
    var rest = bytes[...]
    while !rest.isEmpty {
      let piece = rest.prefix(max(1, bytes.count / max(1, pieces)))
      rest = rest.dropFirst(piece.count)
      guard let action = try? dialer.receive(ByteBuffer(bytes: piece)) else { return nil }
      if case .selected(let id, _) = action {
        promise(id == "/a" || id == "/b", "a dialer takes what it did not propose")
        return id
      }
    }
    return nil
  }
}
