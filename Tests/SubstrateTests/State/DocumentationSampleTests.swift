import Testing

@testable import Substrate

/// The code of the library's overview, as it stands there.
@Suite("Samples of the documentation")
struct DocumentationSampleTests {
  @Test("Reading a subnet")
  func reading() async throws {
    let client = try await ChainClient(try RecordedNode())

    let state = try await client.finalized()
    let subnet = state.subnet(128_001)
    let clock = try await subnet.clock()
    let nodes = try await subnet.nodes()

    #expect(clock == SubnetClock(epochLength: 20, slot: 3))
    #expect(nodes.count == 6)

    let hotkey = try #require(nodes.first?.hotkey)
    let stake = try await state.value("Network", "AccountSubnetStake", .bytes(hotkey.bytes), 128_001)
    #expect(try stake.map(Planck.init) ?? 0 > 0)
  }

  @Test("Signing, trying and sending", .enabled(if: InteropEnvironment.hasSpec))
  func sending() async throws {
    try await DevNode.with(blockTime: .milliseconds(300)) { node in
      let pool = EndpointPool([try RPCEndpoint(node.webSocketURL)])
      let client = try await ChainClient(pool)
      let secret = try #require(try DevNode.summary()["nodes"].list.first?["hotkeySecret"].hex)
      let key = try AccountKey(secret: secret)

      let signer = Signer(key, allowing: HypertensorCall.consensusDuties)
      let context = try await client.signingContext(for: signer.account, lifetime: 16)
      let extrinsic = try context.sign(.attest(subnet: 128_001, node: 1), with: signer)
      let trial = try await client.dryRun(extrinsic)
      var statuses: [ExtrinsicStatus] = []
      for try await status in client.submitAndFollow(extrinsic, from: context.height) { statuses.append(status) }

      // Nobody has proposed: the call runs and fails, as the trial said.
      #expect(!trial.wouldSucceed)
      guard case .finalized(_, let outcome)? = statuses.last else {
        Issue.record("the call never became final")
        return
      }
      #expect(outcome == trial.outcome)
      await pool.shutdown()
    }
  }
}
