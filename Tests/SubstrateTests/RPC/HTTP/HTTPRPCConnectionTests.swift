import Substrate
import Testing

@Suite("HTTP connection", .serialized)
struct HTTPRPCConnectionTests {
  private func withServer(
    options: RPCConnectionOptions = RPCConnectionOptions(), respond: @escaping RPCTestServer.Respond,
    use body: (HTTPRPCConnection, RPCTestServer) async throws -> Void
  ) async throws {
    let server = try await RPCTestServer.start(respond: respond)
    let connection = try HTTPRPCConnection(to: RPCEndpoint(server.http), options: options)
    try await body(connection, server)
    await connection.close()
    await server.stop()
  }

  @Test(
    "A status other than success has its class",
    arguments: [
      (UInt(429), RPCError.Code.rateLimited, FailureClass.rate), (503, .unreachable, .endpoint),
      (401, .unreachable, .endpoint), (413, .frameTooLarge, .endpoint), (302, .unreachable, .endpoint),
    ])
  func status(_ status: UInt, _ kind: RPCError.Code, _ failureClass: FailureClass) async throws {
    let headers = ["Retry-After": "3", "Location": "http://127.0.0.1:1/"]
    try await withServer { _, _ in
      [.status(status, headers)]
    } use: { (connection, server) async throws in
      let error = await failure { try await connection.call("x") }
      #expect(error?.kind == kind)
      #expect(error?.failureClass == failureClass)
      #expect(error?.retryAfter == (status == 429 ? .seconds(3) : nil))
      #expect(error?.endpoint == "http://127.0.0.1:\(server.port)")
      #expect(server.received("x") == 1)
    }
  }

  @Test("Garbage, answers to other questions, and empty bodies are malformed")
  func malformed() async throws {
    for text in ["", "<html>", #"{"jsonrpc":"2.0","id":99,"result":0}"#, "[]", "null"] {
      try await withServer { _, _ in
        [.send(text)]
      } use: { (connection, _) async throws in
        #expect(await failure { try await connection.call("x") }?.kind == .malformed, "\(text)")
        #expect(await failure { try await connection.batch([RPCCall("x")]) }?.kind == .malformed, "\(text)")
      }
    }
  }

  @Test("An oversize body is refused, for metadata at its larger limit")
  func oversize() async throws {
    let options = RPCConnectionOptions.with {
      $0.messageSize = 1000
      $0.metadataMessageSize = 3000
    }
    try await withServer(options: options) { request, _ in
      [.send(Answer.result(request, .string(String(repeating: "x", count: 2000))))]
    } use: { (connection, _) async throws in
      #expect(await failure { try await connection.call("x") }?.kind == .frameTooLarge)
      #expect(try await connection.call("state_getMetadata").stringValue?.count == 2000)
    }
  }

  @Test("An answer that never comes, or stops in its middle, times out")
  func timeout() async throws {
    let half = Array("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"jsonrpc\"".utf8)
    for steps: [RPCTestServer.Step] in [[], [.raw(half)]] {
      try await withServer { _, _ in
        steps
      } use: { (connection, _) async throws in
        let error = await failure { try await connection.call("x", [], timeout: .milliseconds(150)) }
        #expect(error?.kind == .timeout)
      }
    }
  }

  @Test("A connection closed in the middle of an answer is lost")
  func closeMidAnswer() async throws {
    let half = Array("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"jsonrpc\"".utf8)
    try await withServer { _, _ in
      [.raw(half), .wait(.milliseconds(20)), .close]
    } use: { (connection, _) async throws in
      #expect(await failure { try await connection.call("x") }?.kind == .connectionLost)
    }
  }

  @Test("A closed port is unreachable at once")
  func closedPort() async throws {
    let port = try ClosedPort()
    let connection = try HTTPRPCConnection(to: RPCEndpoint("http://127.0.0.1:\(port.number)"))
    #expect(await failure { try await connection.call("x") }?.kind == .unreachable)
    await connection.close()
    #expect(await failure { try await connection.call("x") } != nil)
    withExtendedLifetime(port) {}
  }

  @Test("Subscriptions say that they need a WebSocket")
  func subscription() async throws {
    try await withServer { _, _ in
      []
    } use: { (connection, _) async throws in
      let error = await failure { try await connection.subscribe("on", unsubscribe: "off") }
      #expect(error?.kind == .unsupported)
      #expect(error?.remedy.contains("ws://") == true)
    }
  }
}
