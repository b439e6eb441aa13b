import Foundation
import Logging
import Substrate
import Testing

@testable import DevChain

/// The project's own client, which knows nothing of the simulation, over real sockets.
@Suite("The client and the simulated chain", .timeLimit(.minutes(3)))
struct DevChainServerTests {
  private static func with(
    _ change: (inout DevChainConfiguration) -> Void = { _ in },
    _ body: (DevChainServer, ChainClient) async throws -> Void
  ) async throws {
    var configuration = DevChainConfiguration()
    configuration.blockTime = .manual
    change(&configuration)
    let server = try await DevChainServer.start(configuration, logger: Logger(label: "test"))
    let connection = try await WebSocketConnection.connect(to: RPCEndpoint(server.webSocketURL))
    do {
      try await body(server, ChainClient(connection))
    } catch {
      await connection.close()
      await server.stop()
      throw error
    }
    await connection.close()
    await server.stop()
  }

  private static func alith() throws -> AccountKey {
    try AccountKey(secret: #require(Hex.decode("5fb92d6e98884f76de468fa3f6278f8807c48bebc13595d45af5bdc4da702133")))
  }

  @Test("A transfer is tried, signed for an era, sent and followed until it is final")
  func transfer() async throws {
    try await Self.with({
      $0.finalityLag = 2
      $0.blockTime = .every(.milliseconds(50))
    }) { server, client in
      try await server.makeBlocks(5)
      let key = try Self.alith()
      let state = try await client.best()
      let call = try await state.metadata().makeCall(
        CallName("Balances", "transfer_keep_alive"),
        [
          CallArgument("dest", .bytes([UInt8](repeating: 7, count: 20))), CallArgument("value", 1_000_000_000),
        ])
      let signer = Signer(key, allowing: [CallName("Balances", "transfer_keep_alive")])
      let context = try await client.signingContext(for: key.accountID)
      let signed = try context.sign(call, with: signer)
      let trial = try await client.dryRun(signed)
      #expect(trial.wouldSucceed)
      #expect(trial.fee != nil)
      var statuses = 0
      for try await status in client.submitAndFollow(signed, from: context.height) {
        statuses += 1
        switch status {
        case .inBlock(_, let outcome), .finalized(_, let outcome): #expect(outcome == .succeeded)
        case .retracted: Issue.record("nothing was retracted")
        }
      }
      #expect(statuses >= 2)
      let account = try await client.best().account(AccountID(bytes: [UInt8](repeating: 7, count: 20)))
      #expect(account.free == 1_000_000_000)
      #expect(try await client.best().account(key.accountID).nonce == 1)
    }
  }

  @Test("HTTP and WebSocket serve the same port; head subscriptions tell every block")
  func transports() async throws {
    try await Self.with { server, client in
      let http = try HTTPRPCConnection(to: RPCEndpoint(server.httpURL))
      let heads = try await client.rpc.subscribe(
        "chain_subscribeNewHeads", [], unsubscribe: "chain_unsubscribeNewHeads")
      try await server.makeBlocks(3)
      var numbers: [String] = []
      for try await head in heads {
        numbers.append(head["number"]?.stringValue ?? "")
        if numbers.count == 4 { break }
      }
      #expect(numbers == ["0x0", "0x1", "0x2", "0x3"])
      #expect(try await http.call("chain_getHeader", [])["number"]?.stringValue == "0x3")
      await http.close()
    }
  }

  @Test("Blocks come by the clock, and a saved state goes on where it stopped")
  func clockAndSnapshot() async throws {
    var saved: [UInt8] = []
    try await Self.with({ $0.blockTime = .every(.milliseconds(20)) }) { server, client in
      let clock = ContinuousClock.now
      while try await client.best().number < 5 {
        try await Task.sleep(for: .milliseconds(20))
        try #require(clock.duration(to: .now) < .seconds(60))
      }
      saved = try await server.snapshot()
    }
    let snapshot = try Snapshot(saved)
    try await Self.with({ $0.snapshot = saved }) { server, client in
      let head = try await client.best()
      #expect("\(client.genesisHash)" == snapshot.json["genesis"]?.stringValue)
      #expect(head.number >= 5)
      try await server.makeBlocks(2)
      #expect(try await client.best().number == head.number + 2)
    }
  }

  @Test("A pool of endpoints follows it through dropped connections, silence and a fork")
  func pool() async throws {
    try await Self.with({ $0.finalityLag = 3 }) { server, _ in
      let pool = EndpointPool([try RPCEndpoint(server.webSocketURL)], options: EndpointPoolOptions())
      let client = try await ChainClient(pool)
      try await server.makeBlocks(10)
      try await server.dropConnections()
      let start = ContinuousClock.now
      while (try? await client.best().number) != 10 {
        try await Task.sleep(for: .milliseconds(20))
        try #require(start.duration(to: .now) < .seconds(60))
      }
      let before = try await client.blockHash(number: 9)
      try await server.retractBlocks(2)
      try await server.makeBlocks(3)
      let after = try await client.at(number: 9).hash
      #expect(after != before)
      await pool.shutdown()
    }
  }
}
