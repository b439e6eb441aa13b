import Substrate
import Testing

@Suite("WebSocket connection", .serialized)
struct WebSocketConnectionTests {
  private func withServer(
    options: RPCConnectionOptions = RPCConnectionOptions(),
    respond: @escaping RPCTestServer.Respond,
    use body: (WebSocketConnection, RPCTestServer) async throws -> Void
  ) async throws {
    let server = try await RPCTestServer.start(respond: respond)
    let connection = try await WebSocketConnection.connect(
      to: RPCEndpoint(server.webSocket), options: options)
    try await body(connection, server)
    await connection.close()
    await server.stop()
  }

  // MARK: Calls

  @Test("A thousand calls from as many tasks share one socket and get their own answers")
  func pipelining() async throws {
    try await withServer { request, _ in
      [.send(Answer.result(request, request["params"] ?? nil))]
    } use: { (connection, server) async throws in
      try await withThrowingTaskGroup(of: Void.self) { group in
        for index in 0..<1000 {
          group.addTask { () async throws in
            #expect(try await connection.call("echo", [JSONValue(index)]) == [JSONValue(index)])
          }
        }
        try await group.waitForAll()
      }
      #expect(server.connections == 1)
    }
  }

  @Test("Answers out of order reach their callers")
  func reordering() async throws {
    try await withServer { request, _ in
      let answer = RPCTestServer.Step.send(Answer.result(request, request["method"] ?? nil))
      return request["method"] == "slow" ? [.wait(.milliseconds(100)), answer] : [answer]
    } use: { (connection, _) async throws in
      async let slow = connection.call("slow")
      async let fast = connection.call("fast")
      #expect(try await [slow, fast] == ["slow", "fast"])
    }
  }

  @Test("A call that is not answered times out alone")
  func timeout() async throws {
    try await withServer { request, _ in
      request["method"] == "silent" ? [] : [.send(Answer.result(request, true))]
    } use: { (connection, _) async throws in
      let error = await failure { try await connection.call("silent", [], timeout: .milliseconds(50)) }
      #expect(error?.kind == .timeout)
      #expect(error?.failureClass == .transient)
      #expect(try await connection.call("other") == true)
    }
  }

  @Test("Cancelling a task ends its call at once and leaves the connection usable")
  func cancellation() async throws {
    try await withServer { request, _ in
      request["method"] == "silent" ? [] : [.send(Answer.result(request, true))]
    } use: { (connection, server) async throws in
      let task = Task { try await connection.call("silent") }
      #expect(await eventually { server.received("silent") == 1 })
      task.cancel()
      #expect(await failure { try await task.value }?.kind == .cancelled)
      let before = Task {
        withUnsafeCurrentTask { $0?.cancel() }
        return try await connection.call("silent")
      }
      #expect(await failure { try await before.value }?.kind == .cancelled)
      #expect(try await connection.call("other") == true)
    }
  }

  @Test("Answers in fragments are put together")
  func fragments() async throws {
    try await withServer { request, _ in
      let answer = Array(Answer.result(request, "abcdefghij").map(String.init))
      return [.fragments(answer)]
    } use: { (connection, _) async throws in
      #expect(try await connection.call("x") == "abcdefghij")
    }
  }

  @Test("Byte arrays as network_* methods send them arrive whole")
  func byteArrays() async throws {
    let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0) }
    let text = JSONValue(byteArray: bytes).description
    try await withServer { request, _ in
      [.send("{\"jsonrpc\":\"2.0\",\"id\":\(request["id"] ?? nil),\"result\":\(text)}")]
    } use: { (connection, _) async throws in
      #expect(try await connection.call("x").byteArray == bytes)
    }
  }

  // MARK: Hostile endpoints

  @Test(
    "Whatever a hostile endpoint sends, the call fails with its class and the connection ends",
    arguments: [
      (Hostility.garbage, RPCError.Code.malformed), (.deepNesting, .malformed), (.duplicateKeys, .malformed),
      (.oversize, .frameTooLarge), (.oversizeFragments, .frameTooLarge), (.manyFragments, .malformed),
      (.endlessFrame, .frameTooLarge), (.maskedFrame, .malformed), (.reservedBits, .malformed),
      (.unstartedFragment, .malformed), (.controlFragment, .malformed), (.closeMidFrame, .connectionLost),
      (.close, .connectionLost), (.closeFrame, .connectionLost), (.flood, .malformed),
    ])
  func hostility(_ hostility: Hostility, _ kind: RPCError.Code) async throws {
    let options = RPCConnectionOptions.with {
      $0.messageSize = 1 << 16
      $0.metadataMessageSize = 1 << 18
    }
    try await withServer(options: options) { request, _ in
      hostility.steps(request)
    } use: { (connection, server) async throws in
      let error = await failure { try await connection.call("x") }
      #expect(error?.kind == kind, "\(String(describing: error))")
      #expect(error?.endpoint == "ws://127.0.0.1:\(server.port)")
      #expect(await connection.waitUntilClosed().kind == kind)
      #expect(await failure { try await connection.call("y") }?.kind == .connectionLost)
    }
  }

  @Test("Answers with ids never given out leave the call open and the connection usable")
  func wrongID() async throws {
    try await withServer { request, _ in
      [.send(#"{"jsonrpc":"2.0","id":424242,"result":"wrong"}"#), .send(Answer.result(request, "right"))]
    } use: { (connection, _) async throws in
      #expect(try await connection.call("x") == "right")
    }
  }

  @Test("An endpoint that reads nothing can't make requests pile up without bound")
  func backPressure() async throws {
    let options = RPCConnectionOptions.with { $0.outboundBytes = 1 << 20 }
    try await withServer(options: options) { _, _ in
      []
    } use: { (connection, server) async throws in
      #expect(await eventually { server.peers.count == 1 })
      await server.stopReading()
      // More than the sockets of both ends can buffer.
      let big = JSONValue.string(String(repeating: "x", count: 1_000_000))
      let kinds = await withTaskGroup(of: RPCError.Code?.self) { group in
        for _ in 0..<30 {
          group.addTask {
            await failure { try await connection.call("x", [big], timeout: .milliseconds(500)) }?.kind
          }
        }
        return await group.reduce(into: [RPCError.Code?: Int]()) { $0[$1, default: 0] += 1 }
      }
      #expect(kinds[.overloaded] ?? 0 > 0)
      #expect(Set(kinds.keys).isSubset(of: [.timeout, .overloaded]))
    }
  }

  // MARK: Heartbeat

  @Test("Pings are answered in both directions")
  func pings() async throws {
    let options = RPCConnectionOptions.with { $0.pingInterval = .milliseconds(50) }
    try await withServer(options: options) { request, _ in
      [.send(Answer.result(request, true))]
    } use: { (connection, server) async throws in
      #expect(await eventually { server.pings >= 2 })
      for peer in server.peers { peer.ping() }
      #expect(await eventually { server.pongs >= 1 })
      #expect(try await connection.call("x") == true)
    }
  }

  @Test("An endpoint that is open but silent is found out by its missing pong")
  func halfDead() async throws {
    let options = RPCConnectionOptions.with {
      $0.pingInterval = .milliseconds(50)
      $0.pongTimeout = .milliseconds(100)
    }
    try await withServer(options: options) { _, _ in
      []
    } use: { (connection, server) async throws in
      server.answerPings(false)
      #expect(await failure { try await connection.call("x") }?.kind == .connectionLost)
    }
  }

  // MARK: Subscriptions

  private static let subscribing: RPCTestServer.Respond = { request, _ in
    [.send(Answer.result(request, request["method"] == "on" ? "S1" : true))]
  }

  @Test("Items arrive in order, and breaking off unsubscribes")
  func subscription() async throws {
    try await withServer(respond: Self.subscribing) { (connection, server) async throws in
      var seen: [JSONValue] = []
      do {
        let subscription = try await connection.subscribe("on", unsubscribe: "off")
        for index in 0..<10 {
          for peer in server.peers { await peer.push(Answer.item("S1", JSONValue(index))) }
        }
        for try await item in subscription {
          seen.append(item)
          if seen.count == 10 { break }
        }
      }
      #expect(seen == (0..<10).map { JSONValue($0) })
      #expect(await eventually { server.received("off") == 1 })
      #expect(server.received.last?["params"] == ["S1"])
    }
  }

  @Test("Cancelling the reader unsubscribes")
  func cancelledReader() async throws {
    try await withServer(respond: Self.subscribing) { (connection, server) async throws in
      let reader = Task {
        for try await _ in try await connection.subscribe("on", unsubscribe: "off") {}
      }
      #expect(await eventually { server.received("on") == 1 })
      reader.cancel()
      _ = await reader.result
      #expect(await eventually { server.received("off") == 1 })
    }
  }

  @Test("A lost connection ends its subscriptions with an error, after the items already received")
  func lostConnection() async throws {
    try await withServer(respond: Self.subscribing) { (connection, server) async throws in
      let subscription = try await connection.subscribe("on", unsubscribe: "off")
      for peer in server.peers { await peer.push(Answer.item("S1", 1)) }
      // The call's answer comes behind the item on the same socket.
      _ = try await connection.call("x")
      server.dropConnections()
      var iterator = subscription.makeAsyncIterator()
      #expect(try await iterator.next() == 1)
      #expect(await failure { try await iterator.next() }?.kind == .subscriptionEnded)
    }
  }

  @Test("A silent subscription ends at its item deadline and is undone")
  func itemDeadline() async throws {
    try await withServer(respond: Self.subscribing) { (connection, server) async throws in
      let subscription = try await connection.subscribe(
        "on", [], unsubscribe: "off", itemDeadline: .milliseconds(100))
      let error = await failure { for try await _ in subscription {} }
      #expect(error?.kind == .subscriptionEnded)
      #expect(await eventually { server.received("off") == 1 })
    }
  }

  @Test("A reader that falls behind the bounded buffer is told so")
  func overflow() async throws {
    let options = RPCConnectionOptions.with { $0.subscriptionBuffer = 8 }
    try await withServer(options: options, respond: Self.subscribing) { (connection, server) async throws in
      let subscription = try await connection.subscribe("on", unsubscribe: "off")
      for index in 0..<20 {
        for peer in server.peers { await peer.push(Answer.item("S1", JSONValue(index))) }
      }
      _ = try await connection.call("x")
      var seen = 0
      let error = await failure { for try await _ in subscription { seen += 1 } }
      #expect(error?.kind == .subscriptionOverflow)
      // Some may have been read while more came; all of them never were.
      #expect((8..<20).contains(seen))
      #expect(await eventually { server.received("off") == 1 })
    }
  }

  @Test("Large items fill the buffer by their bytes")
  func byteOverflow() async throws {
    let options = RPCConnectionOptions.with { $0.subscriptionBufferBytes = 100_000 }
    try await withServer(options: options, respond: Self.subscribing) { (connection, server) async throws in
      let subscription = try await connection.subscribe("on", unsubscribe: "off")
      let large = JSONValue.string(String(repeating: "x", count: 30_000))
      for _ in 0..<10 { for peer in server.peers { await peer.push(Answer.item("S1", large)) } }
      _ = try await connection.call("x")
      var seen = 0
      let error = await failure { for try await _ in subscription { seen += 1 } }
      #expect(error?.kind == .subscriptionOverflow)
      #expect((3..<10).contains(seen))
    }
  }

  @Test("A refused subscription throws the node's error")
  func refusedSubscription() async throws {
    try await withServer { request, _ in
      [.send(Answer.error(request, -32601, "Method not found"))]
    } use: { (connection, _) async throws in
      let error = await failure { try await connection.subscribe("on", unsubscribe: "off") }
      #expect(error?.server?.code == -32601)
    }
  }

  // MARK: Connecting

  @Test(
    "A refused handshake has the class of its status",
    arguments: [
      (UInt(429), RPCError.Code.rateLimited), (503, .unreachable), (404, .unreachable), (200, .unreachable),
    ])
  func refusedHandshake(_ status: UInt, _ kind: RPCError.Code) async throws {
    let server = try await RPCTestServer.start(handshake: [.status(status, ["Retry-After": "7"])]) {
      _, _ in []
    }
    let error = await failure { try await WebSocketConnection.connect(to: RPCEndpoint(server.webSocket)) }
    #expect(error?.kind == kind)
    #expect(error?.retryAfter == (status == 429 ? .seconds(7) : nil))
    await server.stop()
  }

  @Test("A handshake that is never answered ends at the connect timeout; a cancelled one at once")
  func silentHandshake() async throws {
    let server = try await RPCTestServer.start(handshake: []) { _, _ in [] }
    let endpoint = try RPCEndpoint(server.webSocket)
    let options = RPCConnectionOptions.with { $0.connectTimeout = .milliseconds(100) }
    #expect(
      await failure { try await WebSocketConnection.connect(to: endpoint, options: options) }?.kind
        == .timeout)
    let task = Task { try await WebSocketConnection.connect(to: endpoint) }
    #expect(await eventually { server.connections == 2 })
    task.cancel()
    #expect(await failure { try await task.value }?.kind == .cancelled)
    await server.stop()
  }

  @Test("An endpoint that answers with garbage, or hangs up, is unreachable")
  func garbageHandshake() async throws {
    for steps: [RPCTestServer.Step] in [[.raw(Array("\u{0}\u{1}SSH-2.0\r\n\r\n".utf8))], [.close]] {
      let server = try await RPCTestServer.start(handshake: steps) { _, _ in [] }
      let error = await failure { try await WebSocketConnection.connect(to: RPCEndpoint(server.webSocket)) }
      #expect(error?.kind == .unreachable)
      await server.stop()
    }
  }

  @Test("A closed port is unreachable")
  func closedPort() async throws {
    let port = try ClosedPort()
    let endpoint = try RPCEndpoint("ws://127.0.0.1:\(port.number)")
    let error = await failure { try await WebSocketConnection.connect(to: endpoint) }
    #expect(error?.kind == .unreachable)
    #expect(error?.failureClass == .endpoint)
    withExtendedLifetime(port) {}
  }
}
