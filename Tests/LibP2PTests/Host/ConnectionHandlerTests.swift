import NIOCore
import Synchronization
import Testing

@testable import LibP2P

/// What a connection writes, and when, on an event loop that the test moves.
@Suite("Writes of a connection")
struct ConnectionHandlerTests {
  private let id = "/test/1"
  private var proposal: [UInt8] { Multistream.line(Multistream.header) + Multistream.line(id) }

  @Test("A stream's opening goes out with the first write behind it, and the end of writing with nothing behind it")
  func opening() throws {
    let wire = try EmbeddedConnection(.outbound)
    let stream = Mutex<P2PStream?>(nil)
    wire.run { [id] connection in
      guard let opened = try? await connection.openStream([id], assumed: true) else { return }
      try? await opened.write(ByteBuffer(string: "hello"))
      stream.withLock { $0 = opened }
    }
    let writes = try wire.sent()
    #expect(writes.count == 1)
    #expect(writes.first?.first?.flags.contains(.syn) == true)
    #expect(writes.joined().flatMap(\.body) == proposal + Array("hello".utf8))
    stream.withLock { $0?.closeWrite() }
    #expect(try wire.sent().map { $0.map(\.flags) } == [[.fin]])
  }

  @Test("A stream that is taken back before it went out costs the peer nothing")
  func takenBack() throws {
    let wire = try EmbeddedConnection(.outbound)
    let opened = Mutex(0)
    for _ in 0..<3 {
      wire.run { [id] connection in
        guard let stream = try? await connection.openStream([id], assumed: true) else { return }
        opened.withLock { $0 += 1 }
        stream.reset()
      }
      #expect(try wire.sent().isEmpty)
    }
    #expect(opened.withLock(\.self) == 3)
    #expect(wire.connection.streamCount == 0)
  }

  @Test("A stream of the peer that its handler aborts at once is answered first: the protocol is spoken")
  func refusal() throws {
    struct Refusal: Error {}
    let wire = try EmbeddedConnection(.inbound, serving: [id: { _ in throw Refusal() }])
    try wire.receive(.data(1, proposal, .syn))
    let frames = try Array(wire.sent().joined())
    #expect(frames.flatMap(\.body) == proposal)
    #expect(frames.last?.flags.contains(.rst) == true)
    #expect(frames.dropLast().allSatisfy { !$0.flags.contains(.rst) })
  }

  @Test("What the session has to say goes out though no task writes")
  func alone() throws {
    let wire = try EmbeddedConnection(.inbound)
    try wire.receive(.ping(.syn, 7))
    #expect(try wire.sent() == [[.ping(.ack, 7)]])
  }

  @Test("An orderly end refuses the frames and streams that were asked for behind it")
  func close() throws {
    let wire = try EmbeddedConnection(.outbound)
    let errors = Mutex<[String]>([])
    let note: @Sendable (any Error) -> Void = { error in
      errors.withLock { $0.append((error as? any LibP2PError)?.code ?? "\(error)") }
    }
    wire.run { connection in
      connection.close()
      do {
        try await withCheckedThrowingContinuation {
          connection.mailbox.post(.writeFrame(1, ByteBuffer(bytes: [1]), .split, $0))
        }
      } catch { note(error) }
    }
    wire.run { [id] connection in
      do { _ = try await connection.openStream([id]) } catch { note(error) }
    }
    #expect(try wire.sent() == [[.goAway(0)]])
    #expect(errors.withLock(\.self) == ["stream.connection-lost", "stream.connection-lost"])
  }
}
