import Foundation
import LibP2P
import NIOCore
import Protocols
import Testing

@Suite("Streaming calls", .timeLimit(.minutes(2)))
struct StreamCallTests {
  private func all(_ responses: MessageStream<TestNumber>) async throws -> [Int64] {
    var numbers: [Int64] = []
    for try await response in responses { numbers.append(response.number) }
    return numbers
  }

  @Test("P-25 P-32 one request gives a stream of responses", arguments: TestTransport.allCases)
  func serverStream(transport: TestTransport) async throws {
    try await transport.withPeers { peers in
      let stub = try peers.arithmetic()
      #expect(try await all(try await stub.rpcCountTo(TestNumber(4))) == [1, 2, 3, 4])
      #expect(try await all(try await stub.rpcCountTo(TestNumber(3000))) == Array(1...3000))
    }
  }

  @Test("P-9 the first response arrives before the last is made", arguments: TestTransport.allCases)
  func firstBeforeLast(transport: TestTransport) async throws {
    try await transport.withPeers { peers in
      let events = Events()
      let responses = try await peers.arithmetic(events).rpcTicks(TestNumber(7))
      #expect(try await responses.next()?.number == 7)
      #expect(events.count("cancelled") == 0)
    }
  }

  @Test("P-26 a stream of requests gives one response", arguments: TestTransport.allCases)
  func clientStream(transport: TestTransport) async throws {
    try await transport.withPeers { peers in
      let stub = try peers.arithmetic()
      #expect(try await stub.rpcSum(numbers(1, 2, 3)).number == 6)
      #expect(try await stub.rpcSum(numbers()).number == 0)
    }
  }

  @Test("P-33 both sides stream, interleaved", arguments: TestTransport.allCases)
  func bidirectional(transport: TestTransport) async throws {
    try await transport.withPeers { peers in
      let (requests, send) = AsyncStream.makeStream(of: TestNumber.self)
      let responses = try await peers.arithmetic().rpcPowers(requests)
      for number: Int64 in 1...5 {
        send.yield(TestNumber(number))
        #expect(try await responses.next()?.number == number * number)
        #expect(try await responses.next()?.number == number * number * number)
      }
      send.finish()
      #expect(try await responses.next() == nil)
      #expect(try await responses.next() == nil)
    }
  }

  @Test("An error meant for the caller ends the stream, after what came before", arguments: TestTransport.allCases)
  func handlerError(transport: TestTransport) async throws {
    try await transport.withPeers { peers in
      let stub = try peers.arithmetic()
      let responses = try await stub.rpcCountTo(TestNumber(13))
      for number: Int64 in 1...3 { #expect(try await responses.next()?.number == number) }
      for _ in 0..<2 {
        let error = await #expect(throws: CallError.self) { try await responses.next() }
        #expect(error?.remoteText == "unlucky")
      }
      let error = await #expect(throws: CallError.self) { try await stub.rpcSum(numbers(1, 13)) }
      #expect(error?.remoteText == "unlucky")
    }
  }

  @Test("An error of the requests takes the call back", arguments: TestTransport.allCases)
  func requestError(transport: TestTransport) async throws {
    struct Empty: Error {}
    try await transport.withPeers { peers in
      let events = Events()
      let stub = try peers.arithmetic(events)
      let (requests, send) = AsyncThrowingStream.makeStream(of: TestNumber.self)
      send.yield(TestNumber(2))
      let responses = try await stub.rpcPowers(requests)
      #expect(try await responses.next()?.number == 4)
      send.finish(throwing: Empty())
      await #expect(throws: Empty.self) { while try await responses.next() != nil {} }
    }
  }

  @Test("A stream that the peer aborts never looks complete", arguments: TestTransport.allCases)
  func aborted(transport: TestTransport) async throws {
    try await transport.withPeers { peers in
      #expect(
        peers.servicer.serve("Arithmetic.rpc_count_to") { stream in
          try await stream.write(ByteBuffer(bytes: [0, 0, 0, 0, 0, 0, 0, 0, 2, 8, 1]))
          _ = try await stream.read(upTo: .max)
          throw CancellationError()
        })
      let stub = Arithmetic.getServerStub(peers.client, peers.servicer.peerID, gate: .insecure())
      await #expect(throws: StreamError.self) { try await all(try await stub.rpcCountTo(TestNumber(2))) }
    }
  }

  @Test("A stream that ends inside a message is truncated", arguments: TestTransport.allCases)
  func truncated(transport: TestTransport) async throws {
    try await transport.withPeers { peers in
      #expect(
        peers.servicer.serve("Arithmetic.rpc_count_to") { stream in
          try await stream.write(ByteBuffer(bytes: [0, 0, 0, 0, 0, 0, 0, 0, 2, 8, 1, 0, 0]))
        })
      let stub = Arithmetic.getServerStub(peers.client, peers.servicer.peerID, gate: .insecure())
      let responses = try await stub.rpcCountTo(TestNumber(2))
      #expect(try await responses.next()?.number == 1)
      let error = await #expect(throws: CallError.self) { try await responses.next() }
      #expect(error?.kind == .truncated)
    }
  }

  @Test("P-20 a stream may have a deadline", arguments: TestTransport.allCases)
  func deadline(transport: TestTransport) async throws {
    try await transport.withPeers { peers in
      let stub = try peers.arithmetic()
      await #expect(throws: (any Error).self) {
        let responses = try await stub.rpcTicks(TestNumber(1), deadline: .now + .milliseconds(100))
        while try await responses.next() != nil {}
      }
    }
  }

  @Test("P-37 the quiet form ends at any failure", arguments: TestTransport.allCases)
  func quiet(transport: TestTransport) async throws {
    try await transport.withPeers { peers in
      let stub = try peers.arithmetic()
      var seen: [Int64] = []
      for await response in stub.rpcCountTo.quietly(TestNumber(13)) { seen.append(response.number) }
      #expect(seen == [1, 2, 3])
      #expect(await stub.rpcSum.quietly(numbers(1, 13)) == nil)
      #expect(await stub.rpcSum.quietly(numbers(1, 12))?.number == 13)
      var powers: [Int64] = []
      for await response in stub.rpcPowers.quietly(numbers(2, 13, 3)) { powers.append(response.number) }
      #expect(powers == [4, 8])
    }
  }

  @Test("A slow reader stops the handler, and nobody else", arguments: TestTransport.allCases)
  func backPressure(transport: TestTransport) async throws {
    try await transport.withPeers { peers in
      let events = Events()
      let stub = try peers.arithmetic(events)
      let flood = try await stub.rpcFlood(TestNumber(200))
      #expect(try await events.wait(for: "sending"))
      for number: Int64 in 0..<200 { #expect(try await stub.rpcSquare(TestNumber(20 + number)).number > 0) }
      // 50 MiB are to come; what waits in windows and buffers is far less, until somebody reads.
      #expect(events.count("sending") < 100)
      var count = 0
      for try await _ in flood { count += 1 }
      #expect(count == 200 && events.count("sending") == 200)
    }
  }
}
