import LibP2P
import NIOCore
import Testing

@testable import Protocols

/// What a published servicer was sent, and what it answered: ours answers the same bytes to the same bytes.
@Suite("Streams as a published node serves them", .timeLimit(.minutes(2)))
struct RecordedStreamTests {
  struct Recorded: Decodable {
    let proto: String
    let sends: [Hexadecimal]
    let end: String
    /// Marker and body of each record.
    let messages: [[Hexadecimal]]
  }

  struct File: Decodable {
    let unaryToStream, streamToUnary, streamToUnaryGap, streamToStream, handlerExceptionMidway: Recorded
    let zeroLengthMessage, eosWithErrorMessage: Recorded
    let twoInputsToUnaryInputHandler, noInputAtAll, badMarker, badProtobuf: Recorded
    let halfCloseAfterEos, halfCloseWithoutEos, halfCloseLongJob: Recorded

    static func load() throws -> File { try MeshVectors.load("stream_framing.json") }
  }

  /// Sends what was recorded, and returns all that comes back until the end.
  private func replay(
    _ recorded: Recorded, _ transport: TestTransport, finish: Bool = false, endsInput: Bool = true
  ) async throws -> [UInt8] {
    var answer: [UInt8] = []
    try await transport.withPeers { peers in
      _ = try peers.arithmetic()
      let method = try #require(recorded.proto.split(separator: ".").last)
      let stream = try await peers.open(String(method))
      for send in recorded.sends { try await stream.write(ByteBuffer(bytes: send.bytes)) }
      if endsInput, recorded.sends.last?.bytes.first != StreamRecord.failureMarker {
        try await stream.write(StreamRecord.endOfInput)
      }
      if finish { stream.closeWrite() }
      while let part = try await stream.read(upTo: .max) { answer += part.readableBytesView }
    }
    return answer
  }

  private func bytes(_ records: [[Hexadecimal]]) -> [UInt8] {
    records.flatMap { record in
      record[0].bytes + Array(ByteBuffer(integer: UInt64(record[1].bytes.count)).readableBytesView) + record[1].bytes
    }
  }

  @Test("Answers are the same, byte by byte, and end with a FIN", arguments: TestTransport.allCases)
  func answers(transport: TestTransport) async throws {
    let file = try File.load()
    for recorded in [
      file.unaryToStream, file.streamToUnary, file.streamToUnaryGap, file.streamToStream,
      file.handlerExceptionMidway, file.zeroLengthMessage, file.eosWithErrorMessage,
    ] {
      #expect(recorded.end.hasPrefix("FIN") && !recorded.messages.isEmpty)
      #expect(try await replay(recorded, transport) == bytes(recorded.messages))
    }
  }

  @Test("A wrong number of requests is an error, as there", arguments: TestTransport.allCases)
  func wrongCounts(transport: TestTransport) async throws {
    let file = try File.load()
    for recorded in [file.twoInputsToUnaryInputHandler, file.noInputAtAll] {
      #expect(recorded.messages.map(\.[0].bytes) == [[StreamRecord.failureMarker]])
      #expect(try await replay(recorded, transport).first == StreamRecord.failureMarker)
    }
  }

  @Test("What can't be read ends the stream; where a published node is silent, ours says why")
  func unreadable() async throws {
    let file = try File.load()
    for recorded in [file.badMarker, file.badProtobuf] {
      #expect(recorded.messages.isEmpty)
      #expect(try await replay(recorded, .inProcess).first == StreamRecord.failureMarker)
    }
  }

  @Test("A caller that half-closes gets a reset and nothing else, as there", arguments: TestTransport.allCases)
  func halfClose(transport: TestTransport) async throws {
    let file = try File.load()
    #expect([file.halfCloseAfterEos, file.halfCloseWithoutEos, file.halfCloseLongJob].allSatisfy { $0.end == "RST" })
    // Before the end of input nothing is served; after it, a FIN may find the work done.
    await #expect(throws: StreamError.self) {
      try await replay(file.halfCloseWithoutEos, transport, finish: true, endsInput: false)
    }
  }

  @Test("Our caller sends what a published one sends", arguments: TestTransport.allCases)
  func caller(transport: TestTransport) async throws {
    let vectors = try StreamFramingTests.Minimal.load()
    let recorded = try File.load()
    try await transport.withPeers { peers in
      let seen = AsyncStream.makeStream(of: [UInt8].self)
      for method in ["count_to", "sum"] {
        let length = method == "sum" ? 42 : 20
        #expect(
          peers.servicer.serve("Arithmetic.rpc_\(method)") { stream in
            var bytes: [UInt8] = []
            while bytes.count < length, let part = try await stream.read(upTo: .max) { bytes += part.readableBytesView }
            seen.continuation.yield(bytes)
          })
      }
      let stub = Arithmetic.getServerStub(peers.client, peers.servicer.peerID, gate: .insecure())
      let responses = try await stub.rpcCountTo(TestNumber(4))
      #expect(try await responses.next() == nil)
      await #expect(throws: CallError.self) { try await stub.rpcSum(numbers(1, 2, 3)) }
      var sent = seen.stream.makeAsyncIterator()
      let end = vectors.endOfInput.bytes
      #expect(await sent.next() == recorded.unaryToStream.sends.flatMap(\.bytes) + end)
      #expect(await sent.next() == recorded.streamToUnary.sends.flatMap(\.bytes) + end)
    }
  }
}
