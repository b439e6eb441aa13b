import Testing

@testable import Substrate

/// The chain layer against the real runtimes, executed by the development node.
@Suite("The real runtime", .serialized, .timeLimit(.minutes(10)))
struct ChainInteropTests {
  private static let chains = RecordedChain.allCases.filter(InteropEnvironment.hasSpec(of:))

  /// A node of the recorded subnet, with its public development keys.
  private struct Operator {
    let id: UInt32
    let hotkey: AccountKey
    let coldkey: AccountKey
    let peerIDs: [String]
  }

  private func operators(_ chain: RecordedChain) throws -> [Operator] {
    try DevNode.summary(of: chain)["nodes"].list.map { node in
      Operator(
        id: UInt32(try #require(node["id"].integer)),
        hotkey: try AccountKey(secret: try #require(node["hotkeySecret"].hex)),
        coldkey: try AccountKey(secret: try #require(node["coldkeySecret"].hex)),
        peerIDs: ["peerId", "bootnodePeerId", "clientPeerId"].compactMap { node[$0].text })
    }
  }

  private func subnetID(_ chain: RecordedChain) throws -> UInt32 {
    UInt32(try #require(try DevNode.summary(of: chain)["subnetId"].integer))
  }

  private func connect(_ port: Int) async throws -> (ChainClient, WebSocketConnection) {
    let connection = try await WebSocketConnection.connect(to: try RPCEndpoint("ws://127.0.0.1:\(port)"))
    return (try await ChainClient(connection), connection)
  }

  private func transfer(
    _ client: ChainClient, from key: AccountKey, to account: AccountID, amount: Planck = 1, lifetime: UInt64 = 64,
    nonce: UInt32? = nil
  ) async throws -> SignedExtrinsic {
    let call = HypertensorCall.transfer(to: account, amount: amount)
    return try await client.signingContext(for: key.accountID, lifetime: lifetime, nonce: nonce)
      .sign(call, with: Signer(key, allowing: [call.name]))
  }

  @Test(
    "Subnet, clock, nodes, and the proof-of-stake table: true, false, and unknown once the node is gone",
    arguments: chains)
  func facts(_ chain: RecordedChain) async throws {
    let id = try subnetID(chain)
    let operators = try operators(chain)
    try await DevNode.with(chain) { node in
      try await node.newBlocks()
      let (client, _) = try await connect(node.port)
      let state = try await client.finalized()
      let subnet = state.subnet(id)
      #expect(try await subnet.subnet()?.state == .active)
      #expect(try await subnet.nodes().map(\.id) == operators.map(\.id))
      #expect(try await state.networkInfo.nodes(id).count == operators.count)
      #expect(try await state.networkInfo.subnet(id) != nil)
      #expect(try await state.networkInfo.subnet(999) == nil)

      let proof = ProofOfStake(.init(StakeRequirement(subnetID: id)), source: ChainStakeSource(client))
      for peer in operators[0].peerIDs { #expect(await proof.verdict(peer) == .staked, "\(peer)") }
      let stranger = "12D3KooWD1LT6Curz32rcJLn58NxTfes4T9y6UAn5rVXDGEkdJtX"
      #expect(await proof.verdict(stranger) == .notStaked)
      // The last one registered after the activation: its class starts in an epoch to come.
      let waiting = try #require(try await subnet.node(UInt32(operators.count)))
      let epoch = try #require(try await subnet.clock()?.epoch(at: state.number))
      #expect(await proof.verdict(waiting.peer.peerID) == (waiting.startEpoch <= epoch ? .staked : .notStaked))
      for (requirement, expected) in [
        (StakeRequirement(subnetID: id, minimumClass: .validator), true), (StakeRequirement(subnetID: 999), false),
        (StakeRequirement(subnetID: id, minimumStake: Planck(100_000_000_000_000_000_000 as UInt128)), true),
      ] {
        #expect(try await state.proofOfStake(operators[0].peerIDs[0], requirement) == expected)
      }
      let stake = try await subnet.stake(of: try #require(try await subnet.node(1)))
      #expect(
        try await !state.proofOfStake(
          operators[0].peerIDs[0], StakeRequirement(subnetID: id, minimumStake: Planck(stake.value + 1))))

      await node.stop()
      #expect(proof.cached(operators[0].peerIDs[0]) == .staked)
      guard case .unknown(let unknown) = await proof.verdict(operators[1].peerIDs[0]) else {
        Issue.record("the node is gone")
        return
      }
      #expect(unknown.reason.hasPrefix("rpc."))
    }
  }

  @Test(
    "The elected node proposes, another attests, trial runs foretell both, and a second attestation is refused by name",
    arguments: chains)
  func consensus(_ chain: RecordedChain) async throws {
    let id = try subnetID(chain)
    let operators = try operators(chain)
    try await DevNode.with(chain) { node in
      try await node.newBlocks()
      let (client, _) = try await connect(node.port)
      let subnet = try await client.best().subnet(id)
      let epoch = try #require(try await subnet.clock()?.epoch(at: subnet.state.number))
      let elected = try #require(try await subnet.electedValidator(epoch: epoch))
      let proposer = try #require(operators.first { $0.id == elected })
      let attestor = try #require(operators.first { $0.id != elected })
      func signed(_ call: HypertensorCall, _ key: AccountKey) async throws -> SignedExtrinsic {
        let signer = Signer(key, allowing: HypertensorCall.consensusDuties)
        return try await client.signingContext(for: key.accountID).sign(call, with: signer)
      }
      func include(_ extrinsic: SignedExtrinsic) async throws -> DispatchOutcome? {
        let block = try await client.best().number
        let trial = try await client.dryRun(extrinsic)
        #expect(trial.refusal == nil)
        var statuses = client.submitAndFollow(extrinsic, from: block).makeAsyncIterator()
        while try await node.rpc("author_pendingExtrinsics").list.isEmpty {
          try await Task.sleep(for: .milliseconds(20))
        }
        try await node.newBlocks()
        var last: DispatchOutcome?
        while let status = try await statuses.next() {
          if case .finalized(_, let outcome) = status { last = outcome }
        }
        #expect(trial.outcome == last)
        return last
      }
      let attest = HypertensorCall.attest(subnet: id, node: attestor.id)
      // Nothing is proposed yet.
      #expect(
        try await client.dryRun(signed(attest, attestor.hotkey)).outcome?.moduleName
          == "InvalidSubnetConsensusSubmission")

      let scores = [1, 2, 3, 4, 5].map { ConsensusSubmission.Score(subnetNodeID: $0, score: 1_000_000_000_000_000_000) }
      let proposal = try HypertensorCall.proposeAttestation(subnet: id, node: elected, scores: scores)
      #expect(try await include(signed(proposal, proposer.hotkey)) == .succeeded)
      #expect(try await include(signed(attest, attestor.hotkey)) == .succeeded)
      let submission = try #require(try await client.best().subnet(id).submission(epoch: epoch))
      #expect(submission.proposer == elected)
      #expect(submission.scores == scores)
      #expect(Set(submission.attestations.keys) == [elected, attestor.id])
      #expect(try await include(signed(attest, attestor.hotkey))?.moduleName == "AlreadyAttested")
    }
  }

  @Test("Refusals: no money, a used nonce, two signers of one nonce", .enabled(if: InteropEnvironment.hasSpec))
  func refusals() async throws {
    let operators = try operators(.february)
    try await DevNode.with { node in
      let (client, _) = try await connect(node.port)
      let rich = operators[0].coldkey
      let poor = try AccountKey(secret: [UInt8](repeating: 0x42, count: 32))
      func kind(_ extrinsic: SignedExtrinsic) async throws -> ExtrinsicError.Code? {
        await #expect(throws: ExtrinsicError.self) { try await client.submit(extrinsic) }?.kind
      }
      let penniless = try await transfer(client, from: poor, to: rich.accountID)
      #expect(try await kind(penniless) == .cannotPay)
      #expect(try await client.dryRun(penniless).refusal?.kind == .cannotPay)

      // Two signers that read the same nonce: the pool takes one, the other is told.
      let nonce = try await client.best().account(rich.accountID).nonce
      let first = try await transfer(client, from: rich, to: poor.accountID, amount: 1_000_000, nonce: nonce)
      let second = try await transfer(client, from: rich, to: poor.accountID, amount: 2_000_000, nonce: nonce)
      try await client.submit(first)
      try await client.submit(first)
      #expect(try await kind(second) == .priorityTooLow)
      #expect(try await client.signingContext(for: rich.accountID).parameters.nonce == nonce + 1)
      try await node.newBlocks()
      #expect(try await kind(second) == .stale)
      #expect(try await client.best().account(poor.accountID).free == 1_000_000)
    }
  }

  @Test(
    "A mortal extrinsic that nobody includes expires with its last final block",
    .enabled(if: InteropEnvironment.hasSpec))
  func expires() async throws {
    let operators = try operators(.february)
    try await DevNode.with { node in
      let (client, _) = try await connect(node.port)
      let key = operators[0].coldkey
      // A nonce ahead keeps it in the pool's queue.
      let nonce = try await client.best().account(key.accountID).nonce + 5
      let extrinsic = try await transfer(client, from: key, to: key.accountID, lifetime: 4, nonce: nonce)
      var statuses = client.submitAndFollow(extrinsic, from: try await client.best().number).makeAsyncIterator()
      // Refused for its age it would be if it came later.
      while try await client.rpc.call("author_pendingExtrinsics", [], timeout: nil).arrayValue?.isEmpty != false {
        try await Task.sleep(for: .milliseconds(5))
      }
      try await node.newBlocks(5)
      let error = await #expect(throws: ExtrinsicError.self) { _ = try await statuses.next() }
      #expect(error?.kind == .expired)
      #expect(await #expect(throws: ExtrinsicError.self) { try await client.submit(extrinsic) }?.kind == .badProof)
    }
  }

  @Test(
    "A reorganisation takes an extrinsic out of its block, and it is followed into the next",
    .enabled(if: InteropEnvironment.hasSpec))
  func reorganisation() async throws {
    let operators = try operators(.february)
    try await DevNode.with(finalityLag: 3) { node in
      let (client, _) = try await connect(node.port)
      try await node.newBlocks(4)
      let fork = try await client.best()
      let key = operators[0].coldkey
      let extrinsic = try await transfer(client, from: key, to: operators[1].coldkey.accountID)
      var statuses = client.submitAndFollow(extrinsic, from: fork.number - 4).makeAsyncIterator()
      while try await node.rpc("author_pendingExtrinsics").list.isEmpty { try await Task.sleep(for: .milliseconds(20)) }
      try await node.newBlocks()
      guard case .inBlock(let first, .succeeded) = try await statuses.next() else {
        Issue.record("not included")
        return
      }
      #expect(first.number == fork.number + 1)
      try await node.rpc("dev_setHead", [fork.hash.description])
      try await node.newBlocks(2)
      var rest: [ExtrinsicStatus] = []
      while let status = try await statuses.next() {
        rest.append(status)
        if rest.count == 2 { try await node.newBlocks(4) }
      }
      guard case .retracted(first) = rest.first, case .finalized(let last, .succeeded) = rest.last else {
        Issue.record("\(rest)")
        return
      }
      #expect(last != first)
      #expect(try await client.at(last.hash).extrinsics().contains(extrinsic.bytes))
    }
  }

  @Test(
    "Through a proxy that kills, delays and falls silent a transfer still becomes final, once",
    .enabled(if: InteropEnvironment.hasSpec))
  func faults() async throws {
    let operators = try operators(.february)
    try await DevNode.with { node in
      try await FaultProxy.with(to: node.port) { proxy in
        var options = EndpointPoolOptions()
        options.attemptTimeout = .seconds(2)
        let pool = EndpointPool([try RPCEndpoint("ws://127.0.0.1:\(proxy.port)")], options: options)
        do {
          let client = try await ChainClient(pool)
          let (key, receiver) = (
            operators[0].coldkey, try AccountKey(secret: [UInt8](repeating: 0x43, count: 32)).accountID
          )
          let extrinsic = try await transfer(client, from: key, to: receiver, amount: 5_000_000)
          let start = try await client.best().number
          try await proxy.set(.delay(.milliseconds(200)))
          var statuses = client.submitAndFollow(extrinsic, from: start).makeAsyncIterator()
          while try await node.rpc("author_pendingExtrinsics").list.isEmpty {
            try await Task.sleep(for: .milliseconds(20))
          }
          try await proxy.set(.kill)
          try await node.newBlocks()
          try await proxy.set(.silence)
          try await Task.sleep(for: .seconds(1))
          try await proxy.set(.pass)
          var last: ExtrinsicStatus?
          while let status = try await statuses.next() { last = status }
          guard case .finalized(let block, .succeeded) = last else {
            Issue.record("\(String(describing: last))")
            return await pool.shutdown()
          }
          #expect(block.number == start + 1)
          #expect(try await client.best().account(receiver).free == 5_000_000)
        } catch {
          await pool.shutdown()
          throw error
        }
        await pool.shutdown()
      }
    }
  }
}

extension DispatchOutcome {
  fileprivate var moduleName: String? { if case .failed(let error) = self { error.name } else { nil } }
}
