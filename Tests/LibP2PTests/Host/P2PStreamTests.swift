import NIOCore
import Synchronization
import Testing

@testable import LibP2P

@Suite("Streams", .timeLimit(.minutes(1)))
struct P2PStreamTests {
  /// Runs `body` with a stream whose far end is handled by `serve`.
  private func withStream(
    serve: @escaping StreamHandler, _ body: (P2PStream) async throws -> Void
  ) async throws {
    try await TestHosts.with(2) { hosts in
      hosts[1].handle("/test/1", serve)
      try await body(try await hosts[0].openStream(to: hosts[1], "/test/1"))
    }
  }

  @Test("The peer's pace reaches the writer: it queues a bounded amount and goes on when the peer reads")
  func backPressure() async throws {
    let gate = AsyncStream.makeStream(of: Void.self)
    let total = 8 << 20
    try await withStream(serve: { stream in
      for await _ in gate.stream { break }
      _ = try await stream.read(exactly: total)
      try await stream.write(ByteBuffer(string: "done"))
    }) { stream in
      let written = Mutex(0)
      let writer = Task {
        for _ in 0..<total / 65_536 {
          try await stream.write(ByteBuffer(repeating: 1, count: 65_536))
          written.withLock { $0 += 65_536 }
        }
      }
      var (before, now) = (-1, 0)
      while now != before {
        try await Task.sleep(for: .milliseconds(100))
        (before, now) = (now, written.withLock(\.self))
      }
      #expect(now <= YamuxLimits.initialWindow + StreamPipe.highWatermark + 65_536)
      gate.continuation.yield()
      try await writer.value
      #expect(try await stream.read(exactly: 4) == ByteBuffer(string: "done"))
    }
  }

  @Test("A deadline ends a waiting read, and aborts the stream")
  func deadline() async throws {
    try await withStream(serve: { stream in _ = try await stream.read() }) { stream in
      stream.setDeadline(.now() + .milliseconds(100))
      await #expect(performing: { _ = try await stream.read() }, throws: code("stream.deadline"))
      await #expect(performing: { try await stream.write(ByteBuffer(bytes: [1])) }, throws: code("stream.deadline"))
    }
  }

  @Test("An abort reaches the peer's reader as an error and cancels the handler")
  func abort() async throws {
    let outcome = AsyncStream.makeStream(of: String.self)
    try await withStream(serve: { stream in
      do {
        while try await stream.read() != nil { outcome.continuation.yield("bytes") }
        outcome.continuation.yield("end")
      } catch {
        outcome.continuation.yield((error as? any LibP2PError)?.code ?? "\(error)")
      }
      try? await Task.sleep(for: .seconds(600))
      outcome.continuation.yield(Task.isCancelled ? "cancelled" : "slept")
    }) { stream in
      try await stream.write(ByteBuffer(bytes: [1, 2, 3]))
      var outcomes = outcome.stream.makeAsyncIterator()
      #expect(await outcomes.next() == "bytes")
      stream.reset()
      #expect(await outcomes.next() == "stream.reset")
      #expect(await outcomes.next() == "cancelled")
    }
  }

  @Test("A handler that asked for it is cancelled by what the peer does next", arguments: [false, true])
  func cancelledByPeer(sends: Bool) async throws {
    let (begun, cancelled) = (AsyncStream.makeStream(of: Void.self), AsyncStream.makeStream(of: Void.self))
    try await withStream(serve: { stream in
      _ = try await stream.read(exactly: 1)
      stream.cancelHandlerWhenPeerFinishes(orSends: sends)
      begun.continuation.yield()
      try? await Task.sleep(for: .seconds(600))
      cancelled.continuation.yield()
    }) { stream in
      try await stream.write(ByteBuffer(bytes: [1]))
      for await _ in begun.stream { break }
      // Nobody reads these.
      try await stream.write(ByteBuffer(bytes: [2, 3]))
      if !sends { stream.closeWrite() }
      for await _ in cancelled.stream { break }
    }
  }

  @Test("A peer that finished before the handler asked cancels it, too")
  func cancelledBeforehand() async throws {
    try await withStream(serve: { stream in
      while try await stream.read() != nil {}
      stream.cancelHandlerWhenPeerFinishes()
      try await Task.sleep(for: .seconds(600))
    }) { stream in
      try await stream.write(ByteBuffer(bytes: [1]))
      stream.closeWrite()
      await #expect(throws: StreamError.self) { try await stream.read() }
    }
  }

  @Test("A handler that throws aborts its stream; one that returns closes it")
  func handlerEndings() async throws {
    struct Refusal: Error {}
    try await withStream(serve: { stream in
      try await stream.write(ByteBuffer(bytes: [1]))
      throw Refusal()
    }) { stream in
      await #expect(performing: { while try await stream.read() != nil {} }, throws: code("stream.reset"))
    }
    try await withStream(serve: { try await $0.write(ByteBuffer(bytes: [1])) }) { (stream) async throws in
      #expect(try await stream.read() == ByteBuffer(bytes: [1]))
      #expect(try await stream.read() == nil)
    }
  }

  @Test("A stream that is forgotten without being closed is aborted; a closed one delivers what was written")
  func forgotten() async throws {
    let outcome = AsyncStream.makeStream(of: String.self)
    try await TestHosts.with(2) { hosts in
      hosts[1].handle("/test/1") { stream in
        do {
          var count = 0
          while let bytes = try await stream.read() { count += bytes.readableBytes }
          outcome.continuation.yield("end after \(count)")
        } catch {
          outcome.continuation.yield((error as? any LibP2PError)?.code ?? "\(error)")
        }
      }
      var outcomes = outcome.stream.makeAsyncIterator()
      do {
        let stream = try await hosts[0].openStream(to: hosts[1], "/test/1")
        try await stream.write(ByteBuffer(bytes: [1]))
      }
      #expect(await outcomes.next() == "stream.reset")
      do {
        let stream = try await hosts[0].openStream(to: hosts[1], "/test/1")
        try await stream.write(ByteBuffer(repeating: 0, count: 250_000))
        stream.close()
      }
      #expect(await outcomes.next() == "end after 250000")
    }
  }

  @Test("A peer that finishes early is an error for whoever wants more")
  func truncation() async throws {
    try await withStream(serve: { try await $0.write(ByteBuffer(bytes: [1, 2])) }) { stream in
      await #expect(performing: { _ = try await stream.read(exactly: 3) }, throws: code("stream.truncated"))
    }
  }

  @Test("Thousands of streams in sequence leave nothing behind")
  func sequentialStreams() async throws {
    try await TestHosts.with(2) { hosts in
      let connection = try await hosts[0].connect(to: hosts[1])
      for index in 0..<3_000 {
        let stream = try await connection.openStream([EchoProtocol.id], assumed: index > 0)
        _ = try await EchoProtocol.call(stream, ByteBuffer(integer: index))
        stream.close()
      }
      #expect(try await TestHosts.eventually { connection.streamCount == 0 })
      for host in hosts {
        #expect(
          try await TestHosts.eventually {
            let usage = host.resources.usage(.system)
            return usage.inboundStreams + usage.outboundStreams + usage.memory == 0
          })
      }
    }
  }

  @Test("More streams at once than the acknowledgement backlog all go through")
  func manyStreamsAtOnce() async throws {
    try await TestHosts.with(2) { hosts in
      let connection = try await hosts[0].connect(to: hosts[1])
      let echoed = try await withThrowingTaskGroup(of: Bool.self) { group in
        for index in 0..<400 {
          group.addTask {
            let stream = try await connection.openStream([EchoProtocol.id])
            defer { stream.close() }
            let bytes = ByteBuffer(integer: index)
            return try await EchoProtocol.call(stream, bytes) == bytes
          }
        }
        return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
      }
      #expect(echoed == 400)
    }
  }
}
