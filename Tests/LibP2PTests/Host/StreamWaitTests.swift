import NIOCore
import Synchronization
import Testing

@testable import LibP2P

/// Who waits at a stream, and how waits end, on an event loop that the test moves: what was started waits when it has
/// no more to do.
@Suite("Waits at a stream")
struct StreamWaitTests {
  /// A connection with one stream that its peer has answered, and what became of the waits there.
  private final class Waits {
    let wire: EmbeddedConnection
    let stream: P2PStream
    private let found = Outcomes()

    private final class Outcomes: Sendable {
      let list = Mutex<[String]>([])

      func note(_ name: String, _ body: () async throws -> String) async {
        var outcome: String
        do { outcome = try await body() } catch { outcome = (error as? any LibP2PError)?.code ?? "\(error)" }
        list.withLock { $0.append("\(name): \(outcome)") }
      }
    }

    init() throws {
      let wire = try EmbeddedConnection(.outbound)
      self.wire = wire
      let opened = Opened()
      wire.run { connection in
        let stream = try? await connection.openStream(["/test/1"], assumed: true)
        opened.stream.withLock { $0 = stream }
      }
      _ = try wire.sent()
      let stream = opened.stream.withLock(\.self)
      self.stream = try #require(stream)
      let answer = Multistream.line(Multistream.header) + Multistream.line("/test/1")
      try wire.receive(.data(1, answer, .ack))
      _ = try wire.sent()
    }

    private final class Opened: Sendable {
      let stream = Mutex<P2PStream?>(nil)
    }

    /// Starts to read, and gives back control when the reader waits.
    @discardableResult
    func read(_ name: String) -> Task<Void, Never> {
      let task = wire.run { [stream, found] _ in
        await found.note(name) { try await stream.read().map { String(buffer: $0) } ?? "end" }
      }
      wire.loop.run()
      return task
    }

    /// Starts to open a stream.
    func open(_ name: String) {
      wire.run { [found] connection in
        await found.note(name) { try await connection.openStream(["/test/1"]).protocolID }
      }
      wire.loop.run()
    }

    /// What ended since the last look.
    func outcomes() -> [String] {
      wire.loop.run()
      return found.list.withLock { list in
        defer { list = [] }
        return list
      }
    }
  }

  @Test("A reader waits for bytes, or for the peer's end")
  func reading() throws {
    let waits = try Waits()
    waits.read("reader")
    #expect(waits.outcomes().isEmpty)
    try waits.wire.receive(.data(1, Array("x".utf8)))
    #expect(waits.outcomes() == ["reader: x"])
    waits.read("reader")
    try waits.wire.receive(.data(1, [], .fin))
    #expect(waits.outcomes() == ["reader: end"])
  }

  @Test("A second reader beside one that waits is an error, for the second one alone")
  func concurrentUse() throws {
    let waits = try Waits()
    waits.read("first")
    waits.read("second")
    #expect(waits.outcomes() == ["second: stream.concurrent-use"])
    try waits.wire.receive(.data(1, Array("x".utf8)))
    #expect(waits.outcomes() == ["first: x"])
  }

  @Test("Cancelling ends the wait and leaves the stream as it is")
  func cancellation() throws {
    let waits = try Waits()
    waits.read("reader").cancel()
    #expect(waits.outcomes() == ["reader: CancellationError()"])
    #expect(try waits.wire.sent().isEmpty)
    waits.read("another")
    try waits.wire.receive(.data(1, Array("x".utf8)))
    #expect(waits.outcomes() == ["another: x"])
  }

  @Test("The end of the connection reaches every wait, and those that come behind it")
  func connectionLost() throws {
    let waits = try Waits()
    waits.read("reader")
    waits.wire.connection.close()
    #expect(waits.outcomes() == ["reader: stream.connection-lost"])
    waits.open("opener")
    #expect(waits.outcomes() == ["opener: stream.connection-lost"])
  }

  @Test("A deadline ends a wait and aborts the stream; one that was taken away does nothing", arguments: [false, true])
  func deadline(isTakenAway: Bool) throws {
    let waits = try Waits()
    waits.stream.setDeadline(waits.wire.loop.now + .milliseconds(50))
    if isTakenAway { waits.stream.setDeadline(nil) }
    waits.read("reader")
    waits.wire.loop.advanceTime(by: .milliseconds(49))
    #expect(waits.outcomes().isEmpty)
    waits.wire.loop.advanceTime(by: .milliseconds(2))
    #expect(waits.outcomes() == (isTakenAway ? [] : ["reader: stream.deadline"]))
    #expect(try waits.wire.sent().joined().contains { $0.flags.contains(.rst) } != isTakenAway)
  }
}
