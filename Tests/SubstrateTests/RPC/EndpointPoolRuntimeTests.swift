import Substrate
import Testing

/// Against the real runtime. Skipped unless HYPERTENSOR_SPEC names its chain specification.
@Suite("Endpoint pool and the real runtime", .serialized, .enabled(if: InteropEnvironment.hasSpec))
struct EndpointPoolRuntimeTests {
  private func withPool(
    transport: TCPProxy.Transport = .webSocket, proxies count: Int = 2,
    _ body: (EndpointPool, [TCPProxy], WebSocketConnection) async throws -> Void
  ) async throws {
    try await DevNode.with(blockTime: .milliseconds(500), finalityLag: 1) { node in
      try await Self.withPool(node, transport, count, body)
    }
  }

  private static func withPool(
    _ node: DevNode, _ transport: TCPProxy.Transport, _ count: Int,
    _ body: (EndpointPool, [TCPProxy], WebSocketConnection) async throws -> Void
  ) async throws {
    var options = EndpointPoolOptions()
    options.attemptTimeout = .seconds(2)
    options.pollInterval = .milliseconds(200)
    options.backOff = BackOff(base: .milliseconds(20), limit: .milliseconds(200))
    var proxies: [TCPProxy] = []
    for _ in 0..<count { proxies.append(try await TCPProxy.start(to: node.port)) }
    let control = try await WebSocketConnection.connect(to: RPCEndpoint("ws://127.0.0.1:\(node.port)"))
    let pool = EndpointPool(try proxies.map { try RPCEndpoint($0.url(transport)) }, options: options)
    let result: Result<Void, any Error>
    do {
      result = .success(try await body(pool, proxies, control))
    } catch {
      result = .failure(error)
    }
    await pool.shutdown()
    await control.close()
    for proxy in proxies { await proxy.stop() }
    try result.get()
  }

  @Test(
    "Reads go on and finalized never falls while lines are killed, silenced and delayed",
    arguments: TCPProxy.Transport.allCases)
  func failover(_ transport: TCPProxy.Transport) async throws {
    try await withPool(transport: transport) { (pool, proxies, control) async throws in
      let genesis = try await control.call("chain_getBlockHash", [0])
      #expect(await eventually { pool.finalizedHead != nil })
      #expect(pool.genesisHash == genesis.stringValue)
      let watcher = Task {
        var shown: [UInt64] = []
        for await case .finalized(let head) in pool.headEvents() { shown.append(head.number) }
        return shown
      }
      for round in 0..<12 {
        let victim = proxies[round % 2]
        switch round % 3 {
        case 0: victim.kill()
        case 1: victim.set(.silence)
        default: victim.set(.delay(.milliseconds(300)))
        }
        let before = try #require(pool.finalizedHead)
        let head = try await pool.call("chain_getFinalizedHead")
        let header = try await pool.call("chain_getHeader", [head])
        let number = try #require(header["number"]?.hexNumber)
        #expect(number >= UInt128(before.number))
        #expect(try await pool.call("chain_getBlockHash", [JSONValue(before.number)]) == .string(before.hash))
        victim.set(.pass)
        victim.kill()
      }
      let last = try #require(pool.finalizedHead?.number)
      #expect(await eventually { pool.finalizedHead?.number ?? 0 > last })
      await pool.shutdown()
      let shown = await watcher.value
      #expect(shown.count > 2)
      #expect(zip(shown, shown.dropFirst()).allSatisfy { $0 < $1 })
    }
  }

  @Test("The node's own faults, dropped connections included, do not reach a reader")
  func faults() async throws {
    try await withPool { (pool, _, control) async throws in
      #expect(await eventually { pool.finalizedHead != nil })
      for fault: JSONValue in [["drop": 2], ["silent": 2], ["error": 1], ["delayMs": 100], [:]] {
        _ = try await control.call("dev_faults", [fault])
        #expect(try await pool.call("system_chain").stringValue != nil)
      }
      let heads = try pool.resilientSubscription(
        "chain_subscribeNewHeads", unsubscribe: "chain_unsubscribeNewHeads", itemDeadline: .seconds(20))
      var events: [String] = []
      for try await event in heads {
        switch event {
        case .item where events.last != "item":
          events.append("item")
          _ = try await control.call("dev_dropConnections")
        case .item: break
        case .interrupted: events.append("interrupted")
        case .resumed: events.append("resumed")
        }
        if events.count >= 7 { break }
      }
      #expect(events == ["item", "interrupted", "resumed", "item", "interrupted", "resumed", "item"])
    }
  }

  @Test("The real runtime's errors have their classes")
  func errors() async throws {
    try await withPool(proxies: 1) { (pool, _, control) async throws in
      let unknown = JSONValue(hex: Array(repeating: 0x11, count: 32))
      let expected: [(String, [JSONValue], Int64, FailureClass)] = [
        ("network_noSuchMethod", [], -32601, .permanent),
        ("network_getSubnetInfo", ["1"], -32602, .permanent),
        ("network_getSubnetInfo", [1, unknown], 4003, .endpoint),
        ("author_submitExtrinsic", ["0x1234"], 1001, .permanent),
      ]
      for (method, params, code, failureClass) in expected {
        let error = await failure { try await pool.call(method, params) }
        #expect(error?.server?.code == code, "\(method)")
        #expect(error?.failureClass == failureClass, "\(method)")
      }
      let metadata = try await pool.call("state_getMetadata").required(\.hexBytes, "metadata")
      #expect(metadata.prefix(5) == [0x6D, 0x65, 0x74, 0x61, 14])
      let results = try await pool.batch([
        RPCCall("system_chain"), RPCCall("network_noSuchMethod"), RPCCall("chain_getBlockHash", [0]),
      ])
      let name = try await control.call("system_chain")
      #expect(try results[0].get() == name)
      #expect(try results[2].get().stringValue == pool.genesisHash)
      guard case .failure(let error) = results[1] else {
        Issue.record("an unknown method was answered")
        return
      }
      #expect(error.server?.code == -32601)
    }
  }
}
