import Foundation
import LibP2P
import NIOCore
import Protocols
import Testing

/// Callers that break the rules get an error or an end, never a crash, and their request is not served.
@Suite("Bad requests", .timeLimit(.minutes(2)))
struct BadRequestTests {
  private static let one: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 2, 8, 4]
  private static let end: [UInt8] = [1, 0, 0, 0, 0, 0, 0, 0, 0]

  /// All that the servicer answers until it finishes.
  private func answer(
    _ transport: TestTransport, _ method: String, _ bytes: ByteBuffer, events: Events = Events(),
    limits: CallLimits = CallLimits()
  ) async throws -> ByteBuffer {
    var answer = ByteBuffer()
    try await transport.withPeers { peers in
      _ = try peers.arithmetic(events, limits: limits)
      let stream = try await peers.open(method)
      try await stream.write(bytes)
      while var part = try await stream.read(upTo: .max) { answer.writeBuffer(&part) }
    }
    return answer
  }

  private func text(_ answer: ByteBuffer) -> String { String(decoding: answer.readableBytesView, as: UTF8.self) }

  @Test("P-34 bytes that are no message give the caller an error", arguments: TestTransport.allCases)
  func undecodable(transport: TestTransport) async throws {
    let events = Events()
    let unary = UnaryBytes.request("Arithmetic.rpc_square", [0xff, 0xff])
    let told = try await answer(transport, "rpc_square", unary, events: events)
    #expect(text(told).contains("DecodeError('2 bytes are no validatord.test.Number')"))
    for method in ["rpc_count_to", "rpc_sum", "rpc_powers"] {
      let record = ByteBuffer(bytes: [0, 0, 0, 0, 0, 0, 0, 0, 2, 0xff, 0xff] + Self.end)
      let told = try await answer(transport, method, record, events: events)
      #expect(told.getInteger(at: 0) == UInt8(1) && text(told).hasSuffix("2 bytes are no validatord.test.Number"))
    }
    #expect(["square", "count", "sum", "powers"].allSatisfy { events.count($0) == 0 })
  }

  @Test("S4 a message of more fields than any has is not decoded", arguments: TestTransport.allCases)
  func manyFields(transport: TestTransport) async throws {
    let fields = Array(repeating: [8, 1] as [UInt8], count: 70_000).flatMap(\.self)
    var record = ByteBuffer(bytes: [0])
    record.writeInteger(UInt64(fields.count))
    record.writeBytes(fields + Self.end)
    let told = try await answer(transport, "rpc_sum", record)
    #expect(told.getInteger(at: 0) == UInt8(1) && text(told).contains("more than 65536 fields"))
  }

  @Test("A single request has to be single", arguments: TestTransport.allCases)
  func single(transport: TestTransport) async throws {
    let events = Events()
    for bytes in [Self.end, Self.one + Self.one + Self.end] {
      let told = try await answer(transport, "rpc_count_to", ByteBuffer(bytes: bytes), events: events)
      #expect(told.getInteger(at: 0) == UInt8(1) && text(told).contains("exactly one request"))
    }
    #expect(events.count("count") == 0)
  }

  @Test(
    "A unary envelope that p2pd would drop is dropped: the stream ends without an answer",
    arguments: TestTransport.allCases)
  func envelopes(transport: TestTransport) async throws {
    let events = Events()
    let good = Array(UnaryBytes.request("Arithmetic.rpc_square", [8, 5]).readableBytesView)
    var shortID = good
    shortID.replaceSubrange(0..<19, with: [UInt8(good.count - 1 - 8), 0x0a, 8] + UnaryBytes.callID.prefix(8))
    let other = Array(UnaryBytes.request("Arithmetic.rpc_sum", [8, 5]).readableBytesView)
    for bytes in [shortID, other, [0x81, 0x80, 0x80, 0x02], [5, 1, 2, 3, 4, 5], Array(repeating: 0xff, count: 12)] {
      let told = try await answer(transport, "rpc_square", ByteBuffer(bytes: bytes), events: events)
      #expect(told.readableBytes == 0)
    }
    #expect(events.count("square") == 0)
    #expect(try await answer(transport, "rpc_square", ByteBuffer(bytes: good), events: events).readableBytes > 0)
  }

  @Test("S4 records of wrong form or length end the call with an error", arguments: TestTransport.allCases)
  func records(transport: TestTransport) async throws {
    var limits = CallLimits()
    limits.maximumMessageLength = 1000
    let tooLong: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 3, 0xe9]
    for bytes in [[2, 0, 0, 0, 0, 0, 0, 0, 0], tooLong, [0] + Array(repeating: 0xff, count: 8)] {
      let told = try await answer(transport, "rpc_sum", ByteBuffer(bytes: Self.one + bytes), limits: limits)
      #expect(told.getInteger(at: 0) == UInt8(1))
    }
    try await transport.withPeers { peers in
      let stub = try peers.arithmetic(limits: limits)
      #expect(try await stub.rpcFlood(TestNumber(0)).next() == nil)
      let error = await #expect(throws: CallError.self) { try await stub.rpcFlood(TestNumber(1)).next() }
      #expect(error?.remoteText == "internal error")
      let big = AsyncStream<TestNumber> { continuation in
        continuation.yield(.with { $0.padding = Data(count: 1000) })
        continuation.finish()
      }
      let own = await #expect(throws: CallError.self) { try await stub.rpcSum(big) }
      #expect(own?.kind == .tooLong)
    }
  }

  @Test("A request that does not come in time is given up", arguments: TestTransport.allCases)
  func slowRequest(transport: TestTransport) async throws {
    var limits = CallLimits()
    limits.requestTimeout = .milliseconds(50)
    let begun: [(String, [UInt8])] = [("rpc_square", [5]), ("rpc_count_to", Self.one), ("rpc_sum", [0])]
    for (method, bytes) in begun {
      await #expect(throws: StreamError.self) {
        try await answer(transport, method, ByteBuffer(bytes: bytes), limits: limits)
      }
    }
  }

  @Test("More calls than the limits allow are refused, by peer and in all", arguments: TestTransport.allCases)
  func concurrency(transport: TestTransport) async throws {
    for isByPeer in [true, false] {
      var limits = CallLimits()
      limits.concurrentCallsPerPeer = isByPeer ? 2 : 100
      limits.concurrentCalls = isByPeer ? 100 : 2
      try await transport.withPeers { peers in
        let events = Events()
        let stub = try peers.arithmetic(events, limits: limits)
        let calls = (0..<2).map { _ in Task { try await stub.rpcWait(TestNumber()) } }
        #expect(try await events.wait(for: "began", count: 2))
        let error = await #expect(throws: CallError.self) { try await stub.rpcWait(TestNumber()) }
        #expect(error?.remoteText == "RuntimeError('too many calls at a time')")
        // The limits are each procedure's own.
        #expect(try await stub.rpcSquare(TestNumber(2)).number == 4)
        events.post("release")
        for call in calls { _ = try await call.value }
        // Whoever keeps to the limit is never one too many: a place is free before its call's answer is out.
        try await withThrowingTaskGroup(of: Void.self) { group in
          for _ in 0..<2 { group.addTask { for _ in 0..<100 { _ = try await stub.rpcWait(TestNumber(5)) } } }
          try await group.waitForAll()
        }
      }
    }
  }
}
