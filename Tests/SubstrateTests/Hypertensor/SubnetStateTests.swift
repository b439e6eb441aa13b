import Testing

@testable import Substrate

@Suite("State of a subnet")
struct SubnetStateTests {
  private func subnet(_ chain: RecordedChain) async throws -> (RecordedNode, SubnetState, Fixture) {
    let node = try RecordedNode(chain)
    let summary = try DevNode.summary(of: chain)
    let state = try await ChainClient(node).best()
    return (node, state.subnet(UInt32(try #require(summary["subnetId"].integer))), summary)
  }

  @Test("D-3 The subnet, its clock and its nodes are those of the summary", arguments: RecordedChain.allCases)
  func summary(_ chain: RecordedChain) async throws {
    let (_, subnet, summary) = try await subnet(chain)
    let found = try #require(try await subnet.subnet())
    #expect(found.id == subnet.subnetID)
    #expect(found.owner?.hex.lowercased() == summary["owner"].text)
    #expect(found.state == .active)
    #expect(found.name == "devnode-five")
    #expect(found.slot.map(Int.init) == summary["clock"]["slot"].integer)
    #expect(found.friendlyID == 1)
    let clock = try #require(try await subnet.clock())
    #expect(Int(clock.epochLength) == summary["clock"]["epochLength"].integer)
    #expect(clock.epoch(at: subnet.state.number).map(Int.init) == summary["clock"]["subnetEpoch"].integer)
    #expect(clock.blocksInto(subnet.state.number).map(Int.init) == summary["clock"]["into"].integer)
    #expect(try await subnet.state.subnetIDs() == [subnet.subnetID])

    let nodes = try await subnet.nodes()
    let stored = Set(nodes.map(\.id))
    for expected in summary["nodes"].list {
      let id = UInt32(try #require(expected["id"].integer))
      let node = try #require(nodes.first { $0.id == id })
      #expect(try await subnet.node(id) == node)
      #expect(node.hotkey?.hex.lowercased() == expected["hotkey"].text)
      #expect(node.peer.peerID == expected["peerId"].text)
      #expect(node.bootnodePeer?.peerID == expected["bootnodePeerId"].text)
      #expect(node.clientPeer?.peerID == expected["clientPeerId"].text)
      // The sixth came after the activation and waits in the queue.
      #expect(node.nodeClass == (id == 6 ? .registered : .validator))
      #expect(try await subnet.hotkey(of: node) == node.hotkey)
      #expect(try await subnet.coldkey(of: node)?.hex.lowercased() == expected["coldkey"].text)
      #expect(try await subnet.stake(of: node) >= Planck(100 * 1_000_000_000_000_000_000))
      #expect(try await subnet.reputation(of: id) > 0)
      for peer in [node.peer, node.bootnodePeer, node.clientPeer] {
        #expect(try await subnet.nodeID(peerID: try #require(peer?.peerID)) == id)
      }
      #expect(try await subnet.nodeID(hotkey: try #require(node.hotkey)) == id)
    }
    #expect(stored == [1, 2, 3, 4, 5, 6])
    #expect(try await Set(subnet.electionSlots()) == [1, 2, 3, 4, 5])
    #expect(try await subnet.emergencyValidators() == nil)
    #expect(try await !subnet.bootnodes().isEmpty)
  }

  @Test("What is not there is nothing, not a made-up default", arguments: RecordedChain.allCases)
  func absent(_ chain: RecordedChain) async throws {
    let (_, subnet, _) = try await subnet(chain)
    #expect(try await subnet.node(77) == nil)
    #expect(try await subnet.nodeID(peerID: "12D3KooWnobody") == nil)
    #expect(try await subnet.nodeID(hotkey: AccountID(bytes: [UInt8](repeating: 3, count: 20))) == nil)
    #expect(try await subnet.submission(epoch: 999) == nil)
    #expect(try await subnet.electedValidator(epoch: 999) == nil)
    let nowhere = subnet.state.subnet(999)
    #expect(try await nowhere.subnet() == nil)
    #expect(try await nowhere.clock() == nil)
    #expect(try await nowhere.nodes().isEmpty)
  }

  @Test("D-3 The elected node is found in the epoch's first block", arguments: RecordedChain.allCases)
  func elected(_ chain: RecordedChain) async throws {
    let (_, subnet, summary) = try await subnet(chain)
    let epoch = UInt32(try #require(summary["clock"]["subnetEpoch"].integer))
    #expect((1...5).contains(try #require(try await subnet.electedValidator(epoch: epoch))))
    #expect(try await subnet.submission(epoch: epoch) == nil)
  }

  @Test(
    "D-3 Recorded submissions decode: proposer, scores as sent, who attested when", arguments: RecordedChain.allCases)
  func submissions(_ chain: RecordedChain) throws {
    let metadata = try chain.metadata()
    let entry = try #require(
      try chain.vectors("storage")["entries"].list.first {
        $0["item"].text == "SubnetConsensusSubmission" && $0["raw"].hex != nil
      })
    let value = try #require(
      try metadata.storage("Network", "SubnetConsensusSubmission").value(entry["raw"].hex, types: metadata.types))
    let submission = try ConsensusSubmission(value)
    let decoded = entry["decoded"]
    #expect(Int(submission.proposer) == decoded["validator_id"].integer)
    #expect(Int(submission.block) == decoded["block"].integer)
    #expect(submission.rewardFactor.description == decoded["validator_reward_factor"].text)
    #expect(submission.scores.map { Int($0.subnetNodeID) } == decoded["data"].list.map { $0["subnet_node_id"].integer })
    #expect(submission.scores.map { $0.score.description } == decoded["data"].list.map { $0["score"].text })
    #expect(submission.nodes.map { Int($0.id) } == decoded["subnet_nodes"].list.map { $0["id"].integer })
    #expect(submission.attestations.count == decoded["attests"].list.count)
    for attest in decoded["attests"].list {
      let id = UInt32(try #require(attest.list[0].integer))
      let attestation = try #require(submission.attestations[id])
      #expect(Int(attestation.block) == attest.list[1]["block"].integer)
      #expect(attestation.data == attest.list[1]["data"].hex)
    }
    #expect(submission.arguments == decoded["args"].hex)
    #expect(submission.validatorIDs == nil)
    // Who is of class Validator votes from its start epoch on: by the vector's own words.
    let classes = decoded["subnet_nodes"].list.map { $0["classification"] }
    let starts = classes.filter { $0["node_class"].text == "Validator" }.compactMap { $0["start_epoch"].integer }
    #expect(starts.count == (chain == .december ? 6 : 5))
    for epoch in 0...10 {
      #expect(submission.voterCount(in: UInt32(epoch)) == starts.count { $0 <= epoch }, "in epoch \(epoch)")
    }
  }

  @Test(
    "S7 one node with a peer id of strange bytes hides neither the others nor itself", arguments: RecordedChain.allCases
  )
  func strangePeer(_ chain: RecordedChain) async throws {
    let (node, subnet, _) = try await subnet(chain)
    let metadata = try await subnet.state.metadata()
    let key = Hex.encode(
      try metadata.storage("Network", "SubnetNodesData").key([.id(subnet.subnetID), .id(1)], types: metadata.types))
    let honest = try #require(node.storage(subnet.state.hash)[key])
    let before = try #require(try await subnet.node(1))
    // The chain looks at the first byte of a peer id only.
    let strange =
      Array(before.peer.peerID.utf8.prefix(1)) + [UInt8](repeating: 0xff, count: before.peer.peerID.utf8.count - 2) + [
        10
      ]
    let changed = honest.replacing(Hex.encodeUnprefixed(before.peer.peerID.utf8), with: Hex.encodeUnprefixed(strange))
    #expect(changed != honest)
    let state = try await subnet.state.client.at(try node.extend(subnet.state.hash, storage: [key: changed]))
    let nodes = try await state.subnet(subnet.subnetID).nodes()
    #expect(nodes.map(\.id) == [1, 2, 3, 4, 5, 6])
    #expect(nodes.first?.peer.peerID == Hex.encode(strange))
    #expect(nodes.first?.clientPeer == before.clientPeer)
  }

  @Test(
    "Accounts: nonce and money as stored; what holds already cover is not taken off twice",
    arguments: RecordedChain.allCases)
  func accounts(_ chain: RecordedChain) async throws {
    let metadata = try chain.metadata()
    let item = try metadata.storage("System", "Account")
    for entry in try chain.vectors("storage")["entries"].list
    where entry["item"].text == "Account" && entry["raw"].hex != nil {
      let account = try AccountState(try #require(try item.value(entry["raw"].hex, types: metadata.types)))
      #expect(Int(account.nonce) == entry["decoded"]["nonce"].integer)
      #expect(account.free.description == entry["decoded"]["data"]["free"].text)
      #expect(account.spendable == account.free)
    }
    func account(_ free: Int64, _ reserved: Int64, _ frozen: Int64) throws -> AccountState {
      try AccountState(
        .fields([
          .init("nonce", 0),
          .init(
            "data",
            .fields([
              .init("free", .init(integerLiteral: free)), .init("reserved", .init(integerLiteral: reserved)),
              .init("frozen", .init(integerLiteral: frozen)),
            ])),
        ]))
    }
    #expect(try account(100, 0, 30).spendable == 70)
    #expect(try account(100, 20, 30).spendable == 90)
    #expect(try account(100, 50, 30).spendable == 100)
    #expect(try account(100, 0, 130).spendable == 0)
  }

  @Test("The chain-wide limits are those of the runtime", arguments: RecordedChain.allCases)
  func parameters(_ chain: RecordedChain) async throws {
    let (_, subnet, summary) = try await subnet(chain)
    let parameters = try await subnet.state.consensusParameters()
    #expect(Int(parameters.epochLength) == summary["clock"]["epochLength"].integer)
    #expect(parameters.minimumAttestation == 660_000_000_000_000_000)
    #expect(parameters.superMajority == 875_000_000_000_000_000)
    #expect(parameters.baseSlash == 31_250_000_000_000_000)
    #expect(parameters.maximumSlash == 1_000_000_000_000_000_000)
    #expect(parameters.baseReward == 1_000_000_000_000_000_000)
    #expect(!parameters.isPaused)
  }

  @Test("Text of strangers loses what could move a terminal")
  func printable() {
    #expect(Subnet.printable(Array("a\u{1b}[2Jb\u{202e}c\n".utf8)) == "a[2Jbc")
    #expect(Subnet.printable([0x61, 0xff, 0x62]) == "a\u{fffd}b")
  }
}
