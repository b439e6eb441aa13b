import Substrate
import Testing

@Suite("Endpoint pool", .serialized)
struct EndpointPoolTests {
  /// Nodes of one chain, each behind a proxy, and a pool over them.
  private struct Bench {
    let nodes: [TestNode]
    let proxies: [TCPProxy]
    let pool: EndpointPool
  }

  private static var quick: EndpointPoolOptions {
    var options = EndpointPoolOptions()
    options.attemptTimeout = .milliseconds(400)
    options.pollInterval = .milliseconds(50)
    options.backOff = BackOff(base: .milliseconds(10), limit: .milliseconds(100))
    options.connection.limits.connectTimeout = .seconds(3)
    return options
  }

  private func withBench(
    _ count: Int = 2, transport: TCPProxy.Transport = .webSocket,
    options: EndpointPoolOptions = quick, heads: [(best: UInt64, finalized: UInt64)] = [],
    _ body: (Bench) async throws -> Void
  ) async throws {
    var nodes: [TestNode] = []
    var proxies: [TCPProxy] = []
    for index in 0..<count {
      let head = heads.indices.contains(index) ? heads[index] : (best: 10, finalized: 8)
      nodes.append(try await TestNode.start(TestChain(name: 1), best: head.best, finalized: head.finalized))
      proxies.append(try await TCPProxy.start(to: nodes[index].server.port))
    }
    let pool = EndpointPool(try proxies.map { try RPCEndpoint($0.url(transport)) }, options: options)
    try await body(Bench(nodes: nodes, proxies: proxies, pool: pool))
    await pool.shutdown()
    for proxy in proxies { await proxy.stop() }
    for node in nodes { await node.server.stop() }
  }

  private func allUp(_ bench: Bench) async -> Bool {
    await eventually { bench.pool.status.allSatisfy { $0.state == .up } }
  }

  // MARK: Reads

  @Test(
    "D-5 Reads succeed while endpoints are killed, silenced and delayed in turn",
    arguments: TCPProxy.Transport.allCases)
  func failover(_ transport: TCPProxy.Transport) async throws {
    try await withBench(3, transport: transport) { (bench) async throws in
      #expect(await allUp(bench))
      for round in 0..<6 {
        let victim = bench.proxies[round % 3]
        switch round % 4 {
        case 0: victim.kill()
        case 1: victim.set(.silence)
        case 2: victim.set(.delay(.seconds(2)))
        default:
          victim.set(.refuse)
          victim.kill()
        }
        for _ in 0..<5 {
          let value = try await bench.pool.call("state_getStorage", ["0x00"], timeout: .seconds(60))
          #expect(value == "0x08")
        }
        victim.set(.pass)
        victim.kill()
      }
      #expect(await allUp(bench))
    }
  }

  @Test("Both transports show heads as the chain grows", arguments: TCPProxy.Transport.allCases)
  func heads(_ transport: TCPProxy.Transport) async throws {
    try await withBench(2, transport: transport) { (bench) async throws in
      #expect(await allUp(bench))
      #expect(bench.pool.finalizedHead == ChainHead(number: 8, hash: TestChain(name: 1).hash(8)))
      for number: UInt64 in 11...15 {
        for node in bench.nodes { await node.advance(best: number, finalized: number - 2) }
        #expect(await eventually { bench.pool.bestHead?.number == number })
        #expect(await eventually { bench.pool.finalizedHead?.number == number - 2 })
      }
      #expect(bench.pool.genesisHash == TestChain(name: 1).genesis)
    }
  }

  @Test("A WebSocket endpoint without subscriptions is polled for its heads")
  func polledWebSocket() async throws {
    try await withBench(1) { (bench) async throws in
      bench.nodes[0].setFault { request in
        guard request["method"]?.stringValue?.hasPrefix("chain_subscribe") == true else { return nil }
        return [.send(Answer.error(request, -32601, "Method not found"))]
      }
      bench.proxies[0].kill()
      #expect(await allUp(bench))
      await bench.nodes[0].advance(best: 12, finalized: 11)
      #expect(
        await eventually { bench.pool.finalizedHead?.number == 11 && bench.pool.bestHead?.number == 12 })
    }
  }

  @Test("Finalized never goes back on failover: a read waits for the slower node, or says stale view")
  func staleView() async throws {
    try await withBench(2, heads: [(20, 18), (12, 10)]) { (bench) async throws in
      #expect(await allUp(bench))
      #expect(bench.pool.finalizedHead?.number == 18)
      bench.proxies[0].set(.refuse)
      bench.proxies[0].kill()
      #expect(await eventually { bench.pool.status[0].state != .up })
      let error = await failure {
        try await bench.pool.call("state_getStorage", ["0x00"], timeout: .milliseconds(200))
      }
      #expect(error?.kind == .staleView)
      #expect(bench.pool.finalizedHead?.number == 18)
      // A read at a block that the slower node has is served.
      #expect(try await bench.pool.call("state_getStorage", ["0x00"], atLeast: 12) == "0x0a")
      let waiting = Task { try await bench.pool.call("state_getStorage", ["0x00"]) }
      await bench.nodes[1].advance(best: 20, finalized: 18)
      #expect(try await waiting.value == "0x12")
    }
  }

  @Test("A lagging endpoint is left alone while a current one is there")
  func lagging() async throws {
    try await withBench(2, heads: [(20, 18), (90, 18)]) { (bench) async throws in
      #expect(await allUp(bench))
      for _ in 0..<10 { _ = try await bench.pool.call("network_x") }
      #expect(bench.nodes[0].server.received("network_x") == 0)
      #expect(bench.pool.status[0].lag == 70)
    }
  }

  @Test("An endpoint that answers heads but no calls is avoided after its first timeout")
  func halfDead() async throws {
    try await withBench(2) { (bench) async throws in
      #expect(await allUp(bench))
      bench.nodes[0].setFault { $0["method"] == "network_x" ? [] : nil }
      for _ in 0..<5 { #expect(try await bench.pool.call("network_x") == true) }
    }
  }

  @Test("A rate limited endpoint is left alone for as long as it asks")
  func rateLimited() async throws {
    try await withBench(2, transport: .http) { (bench) async throws in
      #expect(await allUp(bench))
      bench.nodes[0].setFault {
        $0["method"] == "network_x" ? [.status(429, ["Retry-After": "100"])] : nil
      }
      for _ in 0..<10 { #expect(try await bench.pool.call("network_x") == true) }
      #expect(bench.nodes[0].server.received("network_x") <= 1)
    }
  }

  @Test("A node's refusal of a request is passed on, not retried")
  func permanentError() async throws {
    try await withBench(2) { (bench) async throws in
      #expect(await allUp(bench))
      for node in bench.nodes {
        node.setFault { request in
          request["method"] == "state_call" ? [.send(Answer.error(request, -32602, "Invalid params"))] : nil
        }
      }
      let error = await failure { try await bench.pool.call("state_call") }
      #expect(error?.server?.code == -32602)
      #expect(bench.nodes.map { $0.server.received("state_call") }.reduce(0, +) == 1)
    }
  }

  @Test("A block that one node does not have is read from the other, and from none with the node's error")
  func unknownBlock() async throws {
    try await withBench(2) { (bench) async throws in
      #expect(await allUp(bench))
      let fault: @Sendable (JSONValue) -> [RPCTestServer.Step]? = { request in
        guard request["method"] == "network_x" else { return nil }
        return [.send(Answer.error(request, 4003, "Client error: Api called for an unknown Block: x"))]
      }
      bench.nodes[0].setFault(fault)
      for _ in 0..<4 { #expect(try await bench.pool.call("network_x") == true) }
      bench.nodes[1].setFault(fault)
      let error = await failure { try await bench.pool.call("network_x") }
      #expect(error?.server?.isUnknownBlock == true)
    }
  }

  // MARK: Chains

  @Test("An endpoint of another chain is quarantined with its reason and never used")
  func wrongChain() async throws {
    let right = try await TestNode.start(TestChain(name: 1))
    let wrong = try await TestNode.start(TestChain(name: 2), best: 500, finalized: 500)
    var options = Self.quick
    options.genesisHash = TestChain(name: 1).genesis
    let pool = EndpointPool(
      [try RPCEndpoint(wrong.server.webSocket), try RPCEndpoint(right.server.webSocket)], options: options)
    #expect(await eventually { pool.status.map(\.state) == [.quarantined, .up] })
    #expect(pool.status[0].reason?.kind == .wrongChain)
    for _ in 0..<5 { _ = try await pool.call("network_x") }
    #expect(wrong.server.received("network_x") == 0)
    #expect(pool.finalizedHead?.number == 8)
    await pool.shutdown()

    let alone = EndpointPool([try RPCEndpoint(wrong.server.http)], options: options)
    #expect(await failure { try await alone.call("network_x") }?.kind == .wrongChain)
    await alone.shutdown()
    await right.server.stop()
    await wrong.server.stop()
  }

  @Test("An endpoint that comes back on a fork of what was finalized is kept out")
  func fork() async throws {
    let first = try await TestNode.start(TestChain(name: 1), best: 10, finalized: 8)
    let forked = try await TestNode.start(TestChain(name: 1), best: 30, finalized: 20)
    // The same genesis block, other blocks after it.
    forked.setFault { request in
      guard request["method"] == "chain_getBlockHash", let number = request["params"]?[0]?.uint64Value,
        number > 0
      else { return nil }
      return [.send(Answer.result(request, .string(TestChain(name: 3).hash(number))))]
    }
    let firstPool = try [first, forked].map { try RPCEndpoint($0.server.webSocket) }
    let pool = EndpointPool([firstPool[0]], options: Self.quick)
    #expect(await eventually { pool.finalizedHead != nil })
    await pool.shutdown()
    // Together: the forked one connects after the first has shown block 8.
    let proxy = try await TCPProxy.start(to: forked.server.port)
    proxy.set(.refuse)
    let both = EndpointPool([firstPool[0], try RPCEndpoint(proxy.url(.webSocket))], options: Self.quick)
    #expect(await eventually { both.finalizedHead?.number == 8 })
    proxy.set(.pass)
    #expect(await eventually { both.status[1].reason?.kind == .finalityConflict })
    #expect(both.status[1].state != .up)
    #expect(both.finalizedHead?.number == 8)
    await both.shutdown()
    await proxy.stop()
    await first.server.stop()
    await forked.server.stop()
  }

  @Test("When every endpoint is down a call says unreachable instead of waiting for its whole timeout")
  func unreachable() async throws {
    let port = try ClosedPort()
    let pool = EndpointPool([try RPCEndpoint("ws://127.0.0.1:\(port.number)")], options: Self.quick)
    let error = await failure { try await pool.call("network_x", [], timeout: .seconds(600)) }
    #expect(error?.kind == .unreachable)
    await pool.shutdown()
    withExtendedLifetime(port) {}
  }

  // MARK: Submissions

  @Test("A submission is never repeated, whether its answer is lost or late")
  func submission() async throws {
    try await withBench(2) { (bench) async throws in
      #expect(await allUp(bench))
      for (bytes, steps): (JSONValue, [RPCTestServer.Step]) in [("0x01", []), ("0x02", [.close])] {
        let seen = Tally()
        for node in bench.nodes {
          node.setFault { request in
            guard request["method"] == "author_submitExtrinsic" else { return nil }
            seen.increment()
            return steps
          }
        }
        let error = await failure {
          try await bench.pool.call("author_submitExtrinsic", [bytes], timeout: .milliseconds(800))
        }
        #expect(error?.kind == .timeout || error?.kind == .connectionLost)
        #expect(seen.value == 1)
      }
    }
  }

  @Test("A submission to all goes to each endpoint once, and a second one counts as known")
  func submitToAll() async throws {
    try await withBench(3) { (bench) async throws in
      #expect(await allUp(bench))
      bench.nodes[2].setFault { request in
        request["method"] == "author_submitExtrinsic"
          ? [.send(Answer.error(request, 1010, "Invalid Transaction", "Transaction is outdated"))] : nil
      }
      let outcomes = try await bench.pool.submitToAll("author_submitExtrinsic", ["0xaa"])
      #expect(outcomes.map(\.isAccepted) == [true, true, false])
      #expect(outcomes.map(\.endpoint) == bench.proxies.map { "ws://127.0.0.1:\($0.port)" })
      let again = try await bench.pool.submitToAll("author_submitExtrinsic", ["0xaa"])
      #expect(again.map(\.isAccepted) == [true, true, false])
      #expect(bench.nodes.map { $0.submitted.count } == [2, 2, 0])
    }
  }

  // MARK: Subscriptions

  @Test("A resilient subscription shows the gap and goes on elsewhere")
  func resilient() async throws {
    try await withBench(2) { (bench) async throws in
      #expect(await allUp(bench))
      let subscription = try bench.pool.resilientSubscription("state_test_subscribe", unsubscribe: "x")
      for node in bench.nodes {
        node.setFault { request in
          guard request["method"] == "state_test_subscribe" else { return nil }
          return [.send(Answer.result(request, "S")), .send(Answer.item("S", 1))]
        }
      }
      var events = subscription.makeAsyncIterator()
      for _ in 0..<3 {
        #expect(try await events.next() == .item(1))
        for proxy in bench.proxies { proxy.kill() }
        guard case .interrupted(let error) = try await events.next() else {
          Issue.record("the gap was not shown")
          return
        }
        #expect(error.kind == .subscriptionEnded)
        #expect(try await events.next() == .resumed)
      }
    }
  }

  @Test("A resilient subscription throws what no endpoint can mend, and refuses submissions")
  func resilientRefusals() async throws {
    try await withBench(1) { (bench) async throws in
      bench.nodes[0].setFault { request in
        request["method"] == "state_missing"
          ? [.send(Answer.error(request, -32601, "Method not found"))] : nil
      }
      let error = await failure {
        for try await _ in try bench.pool.resilientSubscription("state_missing", unsubscribe: "x") {}
      }
      #expect(error?.server?.code == -32601)
      let refusal = await failure {
        try bench.pool.resilientSubscription("author_submitAndWatchExtrinsic", unsubscribe: "x")
      }
      #expect(refusal?.kind == .unsupported)
    }
  }

  @Test("Head events show heads, the loss of the last endpoint and its return")
  func headEvents() async throws {
    try await withBench(1) { (bench) async throws in
      #expect(await allUp(bench))
      var events = bench.pool.headEvents().makeAsyncIterator()
      let chain = TestChain(name: 1)
      #expect(await events.next() == ChainHead(number: 8, hash: chain.hash(8)).map(HeadEvent.finalized))
      #expect(await events.next() == ChainHead(number: 10, hash: chain.hash(10)).map(HeadEvent.best))
      bench.proxies[0].kill()
      guard case .interrupted = await events.next() else {
        Issue.record("the loss was not shown")
        return
      }
      #expect(await events.next() == .resumed)
      await bench.nodes[0].advance(best: 11, finalized: 8)
      #expect(await events.next() == ChainHead(number: 11, hash: chain.hash(11)).map(HeadEvent.best))
    }
  }

  // MARK: End

  @Test("Shutting down ends connections, streams and waiting calls")
  func shutdown() async throws {
    try await withBench(1) { (bench) async throws in
      #expect(await allUp(bench))
      let events = bench.pool.headEvents()
      bench.proxies[0].set(.silence)
      let waiting = Task { try await bench.pool.call("network_x", atLeast: 1000) }
      await bench.pool.shutdown()
      #expect(await failure { try await waiting.value }?.kind == .cancelled)
      for await _ in events {}
      #expect(await failure { try await bench.pool.call("network_x") }?.kind == .cancelled)
      #expect(await eventually { bench.nodes[0].server.peers.isEmpty })
    }
  }

  @Test("Cancelling a call that waits for an endpoint ends it at once")
  func cancellation() async throws {
    try await withBench(1) { (bench) async throws in
      #expect(await allUp(bench))
      let waiting = Task { try await bench.pool.call("network_x", [], atLeast: 1000, timeout: .seconds(600)) }
      try await Task.sleep(for: .milliseconds(20))
      waiting.cancel()
      #expect(await failure { try await waiting.value }?.kind == .cancelled)
    }
  }
}
