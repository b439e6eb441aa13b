import NIOCore
import Testing

@testable import LibP2P

@Suite("Two Yamux sessions")
struct YamuxPairTests {
  /// One end: what its streams received, and what it still has to write.
  private struct End {
    var session: YamuxSession
    var received: [UInt32: [UInt8]] = [:]
    var finished: Set<UInt32> = []
    var unread: [UInt32: Int] = [:]

    mutating func take(_ bytes: ArraySlice<UInt8>) {
      for event in session.receive(ByteBuffer(bytes: bytes), now: .start) {
        switch event {
        case .received(let id, let piece):
          received[id, default: []] += piece.readableBytesView
          unread[id, default: 0] += piece.readableBytes
        case .finished(let id): finished.insert(id)
        case .failed(let error): Issue.record("\(error)")
        default: break
        }
      }
    }
  }

  @Test("Any mix of writes, portions and reads delivers every byte in order", arguments: 0..<12)
  func everyByteInOrder(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var ends = [
      End(session: YamuxSession(role: .dialer, now: .start)),
      End(session: YamuxSession(role: .listener, now: .start)),
    ]
    let ids = try (0..<5).map { _ in try ends[0].session.open(now: .start) }
    var written = [[UInt32: [UInt8]]](repeating: [:], count: 2)
    var wire = [[UInt8]](repeating: [], count: 2)
    var writesLeft = 60
    while true {
      let from = Int.random(in: 0...1, using: &random)
      if writesLeft > 0, let id = ids.randomElement(using: &random) {
        let bytes = random.bytes(.random(in: 0...40_000, using: &random))
        if (try? ends[from].session.write(ByteBuffer(bytes: bytes), to: id)) != nil {
          written[from][id, default: []] += bytes
          writesLeft -= 1
          if writesLeft == 0 { for id in ids { ends[0].session.finish(id) } }
        }
      }
      var out = ByteBuffer()
      _ = ends[from].session.drain(into: &out, target: .random(in: 1...90_000, using: &random))
      wire[from] += out.readableBytesView
      let portion = wire[from].prefix(.random(in: 0...50_000, using: &random))
      ends[1 - from].take(portion)
      wire[from].removeFirst(portion.count)
      if let id = ids.randomElement(using: &random) {
        let amount = min(ends[from].unread[id, default: 0], .random(in: 0...200_000, using: &random))
        ends[from].unread[id, default: 0] -= amount
        ends[from].session.consume(id, bytes: amount, now: .start)
      }
      let idle = ends.allSatisfy { !$0.session.hasOutput } && wire.allSatisfy(\.isEmpty)
      if writesLeft == 0, idle, ends.allSatisfy({ $0.unread.values.allSatisfy { $0 == 0 } }) { break }
    }
    #expect(ends[1].received == written[0].filter { !$0.value.isEmpty })
    #expect(ends[0].received == written[1].filter { !$0.value.isEmpty })
    #expect(ends[1].finished == Set(ids))
  }
}
