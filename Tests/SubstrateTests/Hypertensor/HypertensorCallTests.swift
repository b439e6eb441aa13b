import Testing

@testable import Substrate

@Suite("Calls of the chain")
struct HypertensorCallTests {
  /// One runtime of each generation; that of C is made of B's metadata and C's declarations.
  private static let generations: [Generation: RuntimeMetadata] = [
    .a: try? RecordedChain.december.metadata(), .b: try? RecordedChain.february.metadata(),
    .c: try? GenerationC.metadata(),
  ].compactMapValues(\.self)

  private func metadata(_ generation: Generation) throws -> RuntimeMetadata {
    try #require(Self.generations[generation])
  }

  private static let account = try? AccountID("0x3cd0a705a2dc65e5b1e1205896baa2be8a07c6e0")
  private static let hotkey = try? AccountID("0x317d7a5a2ba5787a99be4693eb340a10c71d680b")
  private static let peerID = "12D3KooWKv5S57NBYcDERx5bbBHkr9nEJbPzkkLBnjjDLN1NAjcx"

  // MARK: Recorded calls

  /// A recorded call, made again by its typed maker; nil for calls that have none.
  private func remade(_ call: String, _ a: Fixture) throws -> HypertensorCall? {
    func id(_ name: String) throws -> UInt32 { UInt32(try #require(a[name].integer)) }
    func amount<Number: WideNumber>(_ name: String) throws -> Number {
      Number(try #require(a[name].text.flatMap { UInt128($0) }))
    }
    func account(_ name: String) throws -> AccountID { try AccountID(bytes: try #require(a[name].hex)) }
    func peer(_ fixture: Fixture) -> PeerInfo? {
      fixture["peer_id"].text.map { PeerInfo(peerID: $0, multiaddr: fixture["multiaddr"].hex) }
    }
    func barePeer(_ fixture: Fixture) -> PeerInfo? { fixture.text.map { PeerInfo(peerID: $0) } }
    switch call {
    case "propose_attestation":
      let scores = try a["data"].list.map {
        ConsensusSubmission.Score(
          subnetNodeID: UInt32(try #require($0["subnet_node_id"].integer)),
          score: FixedU128(try #require($0["score"].text.flatMap { UInt128($0) })))
      }
      return try .proposeAttestation(
        subnet: try id("subnet_id"), node: 9, scores: scores.reversed(),
        prioritizeQueueNode: a["prioritize_queue_node_id"].integer.map(UInt32.init),
        removeQueueNode: a["remove_queue_node_id"].integer.map(UInt32.init), arguments: a["args"].hex,
        attestData: a["attest_data"].hex)
    case "attest": return .attest(subnet: try id("subnet_id"), node: 9, data: a["attest_data"].hex)
    case "activate_subnet": return .activateSubnet(try id("subnet_id"))
    case "owner_pause_subnet": return .pauseSubnet(try id("subnet_id"))
    case "owner_unpause_subnet": return .unpauseSubnet(try id("subnet_id"))
    case "owner_deactivate_subnet": return .deactivateSubnet(try id("subnet_id"))
    case "remove_subnet_node": return .removeSubnetNode(subnet: try id("subnet_id"), node: try id("subnet_node_id"))
    case "add_stake":
      return .addStake(
        subnet: try id("subnet_id"), node: try id("subnet_node_id"), hotkey: try account("hotkey"),
        amount: try amount("stake_to_be_added"))
    case "remove_stake":
      return .removeStake(
        subnet: try id("subnet_id"), node: 9, hotkey: try account("hotkey"), amount: try amount("stake_to_be_removed"))
    case "claim_unbondings": return .claimUnbondings
    case "add_to_delegate_stake":
      return .addDelegateStake(subnet: try id("subnet_id"), amount: try amount("stake_to_be_added"))
    case "remove_delegate_stake":
      return .removeDelegateStake(subnet: try id("subnet_id"), shares: try amount("shares_to_be_removed"))
    case "update_coldkey": return .updateColdkey(hotkey: try account("hotkey"), new: try account("new_coldkey"))
    case "update_hotkey": return .updateHotkey(old: try account("old_hotkey"), new: try account("new_hotkey"))
    case "transfer_keep_alive": return .transfer(to: try account("dest"), amount: try amount("value"))
    case "update_bootnode_peer_info":
      return .updateBootnodePeerInfo(
        subnet: try id("subnet_id"), node: try id("subnet_node_id"), peer(a["new_peer_info"]))
    case "register_subnet_node":
      var node = HypertensorCall.NodeRegistration(
        hotkey: try account("hotkey"),
        peer: try #require(peer(a["peer_info"]) ?? barePeer(a["peer_id"])),
        stake: try amount("stake_to_be_added"), maximumBurn: try amount("max_burn_amount"))
      node.bootnodePeer = peer(a["bootnode_peer_info"]) ?? barePeer(a["bootnode_peer_id"])
      node.clientPeer = peer(a["client_peer_info"]) ?? barePeer(a["client_peer_id"])
      node.delegateRewardRate = try amount("delegate_reward_rate")
      node.unique = a["unique"].hex
      node.nonUnique = a["non_unique"].hex
      return .registerSubnetNode(subnet: try id("subnet_id"), node)
    default: return nil
    }
  }

  @Test(
    "D-4 Typed calls give the bytes of the recorded ones, which the runtime executed", arguments: RecordedChain.allCases
  )
  func recorded(_ chain: RecordedChain) throws {
    let metadata = try chain.metadata()
    var seen: Set<String> = []
    for recorded in try chain.vectors("calls")["calls"].list {
      let name = try #require(recorded["call"].text)
      guard let call = try remade(name, recorded["args"]) else { continue }
      seen.insert(name)
      // Proposals are sent sorted; those recorded in another order are not what this makes.
      let ids = recorded["args"]["data"].list.compactMap { $0["subnet_node_id"].integer }
      guard ids == ids.sorted() else { continue }
      #expect(try Hex.encode(call.make(metadata).bytes) == recorded["encoded"].text, "\(name)")
    }
    #expect(seen.count >= 16)
  }

  @Test("A subnet is registered with the recorded bytes", arguments: RecordedChain.allCases)
  func registerSubnet(_ chain: RecordedChain) throws {
    let metadata = try chain.metadata()
    let recorded = try #require(try chain.vectors("calls")["calls"].list.first { $0["call"].text == "register_subnet" })
    let data = recorded["args"]["subnet_data"]
    func amount<Number: WideNumber>(_ name: String) throws -> Number {
      Number(try #require(data[name].text.flatMap { UInt128($0) }))
    }
    let registration = SubnetRegistration(
      name: try #require(data["name"].text), repo: try #require(data["repo"].text),
      description: try #require(data["description"].text), misc: try #require(data["misc"].text),
      minimumStake: try amount("min_stake"), maximumStake: try amount("max_stake"),
      delegateStakePercentage: try amount("delegate_stake_percentage"),
      initialColdkeys: Dictionary(
        uniqueKeysWithValues: try data["initial_coldkeys"].list.map {
          (try AccountID(bytes: try #require($0.list[0].hex)), UInt32(try #require($0.list[1].integer)))
        }),
      bootnodes: try data["bootnodes"].list.map {
        chain == .december
          ? .init(peerID: nil, multiaddr: Array(try #require($0.text).utf8))
          : .init(
            peerID: String(decoding: try #require($0.list[0].hex), as: UTF8.self),
            multiaddr: try #require($0.list[1].hex))
      })
    let call = try HypertensorCall.registerSubnet(
      registration, maximumCost: Planck(try #require(recorded["args"]["max_cost"].text.flatMap { UInt128($0) })),
      metadata: metadata)
    let made = try call.make(metadata)
    guard chain == .december else {
      #expect(made.bytes == recorded["encoded"].hex)
      return
    }
    // The recording lets in peers of one key type, this build those of all.
    func fields(_ bytes: [UInt8]) throws -> [ScaleValue.Field] {
      let call = try metadata.decodeCall(bytes).enumeration().value.enumeration().value
      guard case .fields(let fields) = try call.field("subnet_data") else { return [] }
      return fields.filter { $0.name != "key_types" }
    }
    #expect(try fields(made.bytes) == fields(try #require(recorded["encoded"].hex)))
    #expect(try !fields(made.bytes).isEmpty)
  }

  @Test("A name that looks like hex is sent as it is written", arguments: [Generation.a, .b])
  func hexName(_ generation: Generation) throws {
    let metadata = try metadata(generation)
    let registration = SubnetRegistration(
      name: "0xbeef", repo: "0x", minimumStake: 1, maximumStake: 2, delegateStakePercentage: 3)
    let bytes = try HypertensorCall.registerSubnet(registration, maximumCost: 1, metadata: metadata).make(metadata)
      .bytes
    let data = try metadata.decodeCall(bytes).enumeration().value.enumeration().value.field("subnet_data")
    #expect(try data.field("name").byteArray() == Array("0xbeef".utf8))
    #expect(try data.field("repo").byteArray() == Array("0x".utf8))
  }

  // MARK: Each generation

  private func all(_ generation: Generation) throws -> [(HypertensorCall, name: String, fields: [String: ScaleValue])] {
    let account = try #require(Self.account)
    let hotkey = try #require(Self.hotkey)
    let peer = PeerInfo(peerID: Self.peerID, multiaddr: [4, 127, 0, 0, 1])
    let id: ScaleValue = .bytes(Array(Self.peerID.utf8))
    let info: ScaleValue = .fields([.init("peer_id", id), .init("multiaddr", .option(.bytes([4, 127, 0, 0, 1])))])
    let (isA, isC) = (generation == .a, generation == .c)
    var node = HypertensorCall.NodeRegistration(hotkey: hotkey, peer: peer, stake: 7, maximumBurn: 8)
    (node.bootnodePeer, node.clientPeer, node.validatorID, node.delegateRewardRate) = (peer, peer, 12, 5)
    var node1: [String: ScaleValue] = ["subnet_id": 1, "stake_to_be_added": 7, "max_burn_amount": 8]
    if isC { node1["validator_id"] = 12 } else { node1["delegate_reward_rate"] = 5 }
    node1["hotkey"] = isC ? .option(.bytes(hotkey.bytes)) : .bytes(hotkey.bytes)
    if isA {
      node1.merge([
        "peer_id": id, "bootnode_peer_id": id, "client_peer_id": id, "bootnode": .option(.bytes([4, 127, 0, 0, 1])),
      ]) { $1 }
    } else {
      node1.merge(["peer_info": info, "bootnode_peer_info": .option(info), "client_peer_info": .option(info)]) { $1 }
    }
    return [
      (
        try .proposeAttestation(subnet: 1, node: 2, scores: [.init(subnetNodeID: 3, score: 4)], removeQueueNode: 5),
        "propose_attestation",
        ["subnet_id": 1, "remove_queue_node_id": .option(5), "prioritize_queue_node_id": .option(nil)]
          .merging(isC ? ["subnet_node_id": 2] : [:]) { $1 }
      ),
      (
        .attest(subnet: 1, node: 2, data: [9]), "attest",
        isC
          ? ["subnet_id": 1, "subnet_node_id": 2, "data": .option(.bytes([9]))]
          : ["subnet_id": 1, "attest_data": .option(.bytes([9]))]
      ),
      (.registerSubnetNode(subnet: 1, node), "register_subnet_node", node1),
      (
        .addStake(subnet: 1, node: 2, hotkey: hotkey, amount: 3), isC ? "add_node_stake" : "add_stake",
        ["subnet_id": 1, "subnet_node_id": 2, "stake_to_be_added": 3]
      ),
      (
        .removeStake(subnet: 1, node: 2, hotkey: hotkey, amount: 3), isC ? "remove_node_stake" : "remove_stake",
        ["subnet_id": 1, "stake_to_be_removed": 3].merging(
          isC ? ["subnet_node_id": 2] : ["hotkey": .bytes(hotkey.bytes)]
        ) { $1 }
      ),
      (
        .updatePeerInfo(subnet: 1, node: 2, peer),
        isA ? "update_peer_id" : isC ? "update_node_peer_info" : "update_peer_info",
        ["subnet_id": 1, "subnet_node_id": 2].merging(isA ? ["new_peer_id": id] : ["new_peer_info": info]) { $1 }
      ),
      (
        .updateBootnodePeerInfo(subnet: 1, node: 2, peer),
        isA ? "update_bootnode_peer_id" : "update_bootnode_peer_info",
        isA ? ["new_bootnode_peer_id": id] : ["new_peer_info": .option(info)]
      ),
      (
        .updateClientPeerInfo(subnet: 1, node: 2, peer), isA ? "update_client_peer_id" : "update_client_peer_info",
        isA ? ["new_client_peer_id": id] : ["new_peer_info": .option(info)]
      ),
      (
        .updateUnique(subnet: 1, node: 2, [1]), isC ? "update_node_unique" : "update_unique",
        ["subnet_node_id": 2, "unique": .option(.bytes([1]))]
      ),
      (.updateNonUnique(subnet: 1, node: 2, nil), "update_non_unique", ["non_unique": .option(nil)]),
      (
        .updateDelegateRewardRate(subnet: 1, node: 2, rate: 3), "update_node_delegate_reward_rate",
        ["new_delegate_reward_rate": 3]
      ),
      (
        .addDelegateStake(subnet: 1, amount: 2), isC ? "add_delegate_stake" : "add_to_delegate_stake",
        ["stake_to_be_added": 2]
      ),
      (.transfer(to: account, amount: 2), "transfer_keep_alive", ["dest": .bytes(account.bytes), "value": 2]),
    ]
  }

  @Test(
    "Every call finds its spelling in every generation and decodes to what was meant", arguments: Generation.allCases)
  func generations(_ generation: Generation) throws {
    let metadata = try metadata(generation)
    for (call, name, fields) in try all(generation) {
      let made = try call.make(metadata)
      #expect(made.name.call == name)
      let decoded = try metadata.decodeCall(made.bytes).enumeration().value.enumeration()
      #expect(decoded.name == name)
      for (field, value) in fields { #expect(try decoded.value.field(field) == value, "\(name).\(field)") }
    }
  }

  @Test("A validator is registered where the runtime has validators, and refused by name elsewhere")
  func registerValidator() throws {
    let call = HypertensorCall.registerValidator(hotkey: try #require(Self.hotkey), delegateRewardRate: 3)
    #expect(try call.make(try metadata(.c)).name.call == "register_validator")
    for generation in [Generation.a, .b] {
      let error = #expect(throws: MetadataError.self) { try call.make(try metadata(generation)) }
      #expect(error?.kind == .unknownCall)
      #expect(error?.message == "Network has no register_validator")
    }
  }

  @Test("What a generation can't express is refused, not dropped")
  func refused() throws {
    var node = HypertensorCall.NodeRegistration(
      hotkey: try #require(Self.hotkey), peer: PeerInfo(peerID: Self.peerID), stake: 7, maximumBurn: 8)
    node.delegate = .init(account: try #require(Self.account), rate: 5)
    (node.bootnodePeer, node.clientPeer) = (PeerInfo(peerID: Self.peerID), PeerInfo(peerID: Self.peerID))
    #expect(throws: Never.self) { try HypertensorCall.registerSubnetNode(subnet: 1, node).make(try metadata(.b)) }
    for generation in [Generation.a, .c] {
      node.validatorID = 4
      let error = #expect(throws: MetadataError.self) {
        try HypertensorCall.registerSubnetNode(subnet: 1, node).make(try metadata(generation))
      }
      #expect(error?.message == "Network.register_subnet_node has no argument delegate_account")
      #expect(error?.remedy.contains("max_burn_amount: u128") == true)
    }
    (node.validatorID, node.delegate) = (nil, nil)
    let validator = #expect(throws: MetadataError.self) {
      try HypertensorCall.registerSubnetNode(subnet: 1, node).make(try metadata(.c))
    }
    #expect(validator?.message.contains("wants validator_id: u32") == true)
    node.clientPeer = nil
    let client = #expect(throws: MetadataError.self) {
      try HypertensorCall.registerSubnetNode(subnet: 1, node).make(try metadata(.a))
    }
    #expect(client?.message.contains("wants client_peer_id") == true)
    // Generation A can't take a peer away.
    #expect(throws: MetadataError.self) {
      try HypertensorCall.updateClientPeerInfo(subnet: 1, node: 2, nil).make(try metadata(.a))
    }
  }

  @Test("A proposal that names a node twice is refused")
  func repeatedScore() throws {
    let scores = [3, 1, 3].map { ConsensusSubmission.Score(subnetNodeID: $0, score: 1) }
    let error = #expect(throws: ExtrinsicError.self) {
      try HypertensorCall.proposeAttestation(subnet: 1, node: 2, scores: scores)
    }
    #expect(error?.kind == .malformedCall)
    #expect(error?.message == "the scores name the subnet node 3 twice")
  }

  @Test("A hotkey's list holds the duties in every generation's spelling, and nothing that moves money")
  func duties() {
    #expect(HypertensorCall.consensusDuties.map(\.call).sorted() == ["attest", "propose_attestation"])
    #expect(HypertensorCall.names(["add_stake"]).map(\.call).sorted() == ["add_node_stake", "add_stake"])
  }
}
