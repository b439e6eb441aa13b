import Substrate
import Testing

@Suite("Recorded transcripts through the clients")
struct TranscriptTests {
  @Test("Every recorded request gives the recorded answer over ws", arguments: RecordedTranscript.all)
  func webSocket(_ transcript: RecordedTranscript) async throws {
    let server = try await transcript.server()
    let connection = try await WebSocketConnection.connect(to: RPCEndpoint(server.webSocket))
    try await replay(transcript, connection)
    await connection.close()
    await server.stop()
  }

  @Test("Every recorded request gives the recorded answer over http", arguments: RecordedTranscript.all)
  func http(_ transcript: RecordedTranscript) async throws {
    let server = try await transcript.server()
    let connection = try HTTPRPCConnection(to: RPCEndpoint(server.http))
    try await replay(transcript, connection)
    await connection.close()
    await server.stop()
  }

  @Test("A batch gives the recorded answers in the order of its calls", arguments: RecordedTranscript.all)
  func batch(_ transcript: RecordedTranscript) async throws {
    let server = try await transcript.server()
    let webSocket = try await WebSocketConnection.connect(to: RPCEndpoint(server.webSocket))
    let calls = transcript.exchanges.map { RPCCall($0.method, $0.params) }
    let results = try await webSocket.batch(calls)
    #expect(results.count == calls.count)
    for (exchange, result) in zip(transcript.exchanges, results) { check(exchange, result) }
    await webSocket.close()
    await server.stop()
  }

  private func replay(_ transcript: RecordedTranscript, _ client: some RPCClient) async throws {
    #expect(transcript.exchanges.count >= 100)
    for exchange in transcript.exchanges {
      do {
        check(exchange, .success(try await client.call(exchange.method, exchange.params)))
      } catch let error as RPCError {
        check(exchange, .failure(error))
      }
    }
  }

  private func check(_ exchange: RecordedTranscript.Exchange, _ result: Result<JSONValue, RPCError>) {
    switch result {
    case .success(let value):
      #expect(value == exchange.response["result"], "\(exchange.method)")
      if let recorded = exchange.bytesHex {
        #expect(value.byteArray == JSONValue.string(recorded).hexBytes, "\(exchange.method)")
      }
    case .failure(let error):
      let recorded = exchange.response["error"]
      #expect(error.kind == .server, "\(exchange.method): \(error)")
      #expect(error.server?.code == recorded?["code"]?.int64Value)
      #expect(error.server?.message == recorded?["message"]?.stringValue)
      #expect(error.server?.data == recorded?["data"])
    }
  }
}
