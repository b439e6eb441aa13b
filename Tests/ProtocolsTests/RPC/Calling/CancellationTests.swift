import LibP2P
import NIOCore
import Protocols
import Testing

/// Each way in which a caller can give up reaches the handler (mesh-wire.md §2.2, §2.4).
@Suite("Cancellation", .timeLimit(.minutes(2)))
struct CancellationTests {
  enum Goodbye: CaseIterable {
    case finish, reset, forget
  }

  private static let cases = TestTransport.allCases.flatMap { transport in
    Goodbye.allCases.map { (transport, $0) }
  }

  private func say(_ goodbye: Goodbye, _ stream: inout (any PeerStream)?) {
    switch goodbye {
    case .finish: stream?.closeWrite()
    case .reset: stream?.reset()
    case .forget: stream = nil
    }
  }

  @Test("A caller that leaves a unary call cancels its handler", arguments: cases)
  func unary(transport: TestTransport, goodbye: Goodbye) async throws {
    try await transport.withPeers { peers in
      let events = Events()
      _ = try peers.arithmetic(events)
      var stream: (any PeerStream)? = try await peers.open("rpc_forever")
      try await stream?.write(UnaryBytes.request("Arithmetic.rpc_forever"))
      #expect(try await events.wait(for: "began"))
      say(goodbye, &stream)
      #expect(try await events.wait(for: "cancelled"))
    }
  }

  @Test("Bytes behind a unary request cancel its handler", arguments: TestTransport.allCases)
  func extraByte(transport: TestTransport) async throws {
    try await transport.withPeers { peers in
      let events = Events()
      _ = try peers.arithmetic(events)
      let stream = try await peers.open("rpc_forever")
      try await stream.write(UnaryBytes.request("Arithmetic.rpc_forever"))
      #expect(try await events.wait(for: "began"))
      try await stream.write(ByteBuffer(bytes: [0]))
      #expect(try await events.wait(for: "cancelled"))
      await #expect(throws: StreamError.self) { try await stream.read(upTo: .max) }
    }
  }

  @Test("A caller that leaves a stream cancels its handler, even behind bytes that nobody reads", arguments: cases)
  func stream(transport: TestTransport, goodbye: Goodbye) async throws {
    try await transport.withPeers { peers in
      let events = Events()
      _ = try peers.arithmetic(events)
      var stream: (any PeerStream)? = try await peers.open("rpc_ticks")
      try await stream?.write(ByteBuffer(bytes: [0, 0, 0, 0, 0, 0, 0, 0, 2, 8, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0]))
      #expect(try await events.wait(for: "began"))
      try await stream?.write(ByteBuffer(repeating: 0, count: 1000))
      say(goodbye, &stream)
      #expect(try await events.wait(for: "cancelled"))
    }
  }

  @Test("A reader that lets go of its responses cancels the handler", arguments: TestTransport.allCases)
  func forgottenResponses(transport: TestTransport) async throws {
    try await transport.withPeers { peers in
      let events = Events()
      let stub = try peers.arithmetic(events)
      func first() async throws {
        for try await _ in try await stub.rpcTicks(TestNumber(1)) { break }
      }
      try await first()
      #expect(try await events.wait(for: "cancelled"))
    }
  }

  @Test("A task that is cancelled while it waits for a response cancels the handler", arguments: TestTransport.allCases)
  func cancelledTask(transport: TestTransport) async throws {
    try await transport.withPeers { peers in
      let events = Events()
      let stub = try peers.arithmetic(events)
      let unary = Task { try await stub.rpcForever(TestNumber()) }
      #expect(try await events.wait(for: "began"))
      unary.cancel()
      await #expect(throws: CancellationError.self) { try await unary.value }
      #expect(try await events.wait(for: "cancelled"))

      let stream = Task {
        for try await _ in try await stub.rpcTicks(TestNumber(1)) {}
      }
      #expect(try await events.wait(for: "began", count: 2))
      stream.cancel()
      _ = await stream.result
      #expect(try await events.wait(for: "cancelled", count: 2))
    }
  }
}
