import Foundation
import LibP2P
import Protocols
import Testing

@Suite("Unary calls", .timeLimit(.minutes(2)))
struct UnaryCallTests {
  @Test("P-5 P-6 P-8 P-22 P-31 one request gives one response", arguments: TestTransport.allCases)
  func roundTrip(transport: TestTransport) async throws {
    try await transport.withPeers { peers in
      let stub = try peers.arithmetic()
      for number: Int64 in [5, 0, -3] {
        #expect(try await stub.rpcSquare(TestNumber(number)).number == number * number)
      }
    }
  }

  @Test("P-23 P-24 the handler sees who calls, as the connection proves it", arguments: TestTransport.allCases)
  func context(transport: TestTransport) async throws {
    try await transport.withPeers { peers in
      let seen = try await peers.arithmetic().rpcCaller(TestNumber())
      let expected = "Arithmetic.rpc_caller \(peers.client.peerID) \(peers.servicer.peerID) servicer"
      #expect(String(decoding: seen.mark, as: UTF8.self) == expected)
    }
  }

  @Test("An error meant for the caller reaches it, in Python's form", arguments: TestTransport.allCases)
  func handlerError(transport: TestTransport) async throws {
    try await transport.withPeers { peers in
      let stub = try peers.arithmetic()
      let error = await #expect(throws: CallError.self) { try await stub.rpcSquare(TestNumber(13)) }
      #expect(error?.kind == .remote && error?.remoteText == "ValueError('unlucky')")
    }
  }

  @Test("Of any other error the caller learns nothing", arguments: TestTransport.allCases)
  func internalError(transport: TestTransport) async throws {
    try await transport.withPeers { peers in
      let stub = try peers.arithmetic()
      let error = await #expect(throws: CallError.self) { try await stub.rpcSquare(TestNumber(14)) }
      #expect(error?.remoteText == "RuntimeError('internal error')")
    }
  }

  @Test("A response above the limit is an error, not silence", arguments: TestTransport.allCases)
  func oversize(transport: TestTransport) async throws {
    try await transport.withPeers { peers in
      let stub = try peers.arithmetic()
      #expect(try await stub.rpcBig(TestNumber(4_194_000)).padding.count == 4_194_000)
      let error = await #expect(throws: CallError.self) { try await stub.rpcBig(TestNumber(4_194_304)) }
      #expect(error?.remoteText?.contains("too long") == true)
      let own = await #expect(throws: CallError.self) {
        try await stub.rpcBig(.with { $0.padding = Data(count: 4_194_304) })
      }
      #expect(own?.kind == .tooLong)
    }
  }

  @Test("P-20 a timeout ends the call on both sides", arguments: TestTransport.allCases)
  func timeout(transport: TestTransport) async throws {
    try await transport.withPeers { peers in
      let events = Events()
      let stub = try peers.arithmetic(events)
      let call = Task { try await stub.rpcForever(TestNumber(), timeout: .milliseconds(50)) }
      let error = await #expect(throws: CallError.self) { try await call.value }
      #expect(error?.kind == .timeout)
      // On a slow machine the time may be over before the handler has begun.
      if events.count("began") > 0 { #expect(try await events.wait(for: "cancelled")) }
    }
  }

  @Test("A call that is cancelled while it waits for room leaves no trace", arguments: TestTransport.allCases)
  func cancelledWaiter(transport: TestTransport) async throws {
    try await transport.withPeers { peers in
      let events = Events()
      let stub = try peers.arithmetic(events, semaphore: RPCSemaphore(limit: 1))
      let running = Task { try await stub.rpcWait(TestNumber()) }
      #expect(try await events.wait(for: "began"))
      let waiting = Task { try await stub.rpcWait(TestNumber()) }
      waiting.cancel()
      await #expect(throws: CancellationError.self) { try await waiting.value }
      events.post("release")
      _ = try await running.value
      #expect(try await stub.rpcSquare(TestNumber(2)).number == 4)
      #expect(events.count("began") == 1)
    }
  }

  @Test("P-37 the quiet form turns any failure into nothing", arguments: TestTransport.allCases)
  func quiet(transport: TestTransport) async throws {
    try await transport.withPeers { peers in
      let stub = try peers.arithmetic()
      #expect(await stub.rpcSquare.quietly(TestNumber(4))?.number == 16)
      #expect(await stub.rpcSquare.quietly(TestNumber(13)) == nil)
      #expect(await stub.rpcForever.quietly(TestNumber(), timeout: .milliseconds(20)) == nil)
      let stranger = try PrivateKey.generate(.ed25519).peerID
      let dead = Arithmetic.getServerStub(peers.client, stranger, gate: .insecure(), configuration: .quiet)
      #expect(await dead.rpcSquare.quietly(TestNumber(4)) == nil)
    }
  }

  @Test("P-36 the semaphore lets so many calls run at once", arguments: TestTransport.allCases)
  func semaphore(transport: TestTransport) async throws {
    try await transport.withPeers { peers in
      let events = Events()
      let stub = try peers.arithmetic(events, semaphore: RPCSemaphore(limit: 2))
      let free = Arithmetic.getServerStub(peers.client, peers.servicer.peerID, gate: .insecure())
      let calls = (0..<3).map { _ in Task { try await stub.rpcWait(TestNumber()) } }
      #expect(try await events.wait(for: "began", count: 2))
      for number: Int64 in 1...100 { #expect(try await free.rpcSquare(TestNumber(20 + number)).number > 0) }
      #expect(events.count("began") == 2)
      events.post("release")
      for call in calls { _ = try await call.value }
      #expect(events.count("finished") == 3)
    }
  }
}
