import Substrate
import Testing

@testable import DevChain

@Suite("A subnet in the genesis")
struct SubnetPresetTests {
  private typealias Keys = (cold: AccountKey, hot: AccountKey)

  private static func keys(_ count: Int) throws -> [Keys] {
    try (1...count).map { number in
      (
        cold: try AccountKey(secret: [UInt8](repeating: UInt8(number), count: 32)),
        hot: try AccountKey(secret: [UInt8](repeating: UInt8(100 + number), count: 32))
      )
    }
  }

  /// `/ip4/127.0.0.1/tcp/4001/p2p/…` with an id that is as long as that of an Ed25519 key.
  private static func address(_ number: Int) -> [UInt8] {
    [4, 127, 0, 0, 1, 6, 0x0f, 0xa1, 0xa5, 3, 38] + [UInt8](repeating: UInt8(number), count: 38)
  }

  private static func peer(_ number: Int) -> Substrate.PeerInfo {
    Substrate.PeerInfo(
      peerID: "12D3KooW" + String(repeating: "\(number)", count: 44), multiaddr: address(number))
  }

  private static let stake = Planck(200 * FixedPoint.one)

  private static func preset(_ keys: [Keys], _ classes: [NodeClass], includedEpochs: UInt32? = nil) -> SubnetPreset {
    SubnetPreset(
      name: "subnet", owner: keys[0].cold.accountID,
      bootnodes: [peer(9)],
      nodes: zip(keys, classes).enumerated().map { number, node in
        SubnetPreset.Node(
          hotkey: node.0.hot.accountID, coldkey: node.0.cold.accountID, peer: peer(number), stake: stake,
          nodeClass: node.1)
      }, includedEpochs: includedEpochs)
  }

  private static func configuration() -> DevChainConfiguration {
    var configuration = DevChainConfiguration()
    configuration.parameters = RuntimeParameters(epochLength: 10)
    configuration.seed = 3
    return configuration
  }

  private static func chain(_ preset: SubnetPreset) throws -> Simulation {
    var configuration = configuration()
    configuration.genesis.add(preset)
    return try Simulation(configuration)
  }

  /// What the Network pallet stores, without the numbers of blocks in which something happened, and without the cost of
  /// a registration, which falls with every block.
  private static func network(_ chain: Simulation) -> [[UInt8]: [UInt8]] {
    let items = Network.items
    let timed = [
      items.lastSubnetRegistrationBlock().key, items.lastRegistrationCost().key,
      items.lastSubnetDelegateStakeRewardsUpdate(SubnetPreset.firstID).key,
    ]
    let prefix = Array(items.totalStake().key.prefix(16))
    var found: [[UInt8]: [UInt8]] = [:]
    for key in chain.storage.keys(prefix) where !timed.contains(key) && !key.starts(with: items.lastTxBlock.prefix) {
      found[key] = chain.storage.raw(key)
    }
    return found
  }

  private static func register(_ chain: Simulation, _ node: SubnetPreset.Node, _ key: AccountKey) throws -> String? {
    try chain.run(
      .registerSubnetNode(
        subnet: SubnetPreset.firstID,
        HypertensorCall.NodeRegistration(
          hotkey: node.hotkey, peer: node.peer, stake: node.stake, maximumBurn: Planck(FixedPoint.one))), key)
  }

  @Test("It is what the signed calls make of the same accounts")
  func sameAsCalls() throws {
    let keys = try Self.keys(4)
    var preset = Self.preset(keys, [.validator, .validator, .validator, .registered])
    preset.delegateStake = Planck(50 * FixedPoint.one)
    let made = try Self.chain(preset)
    var configuration = Self.configuration()
    configuration.genesis.add(preset)
    configuration.genesis.subnets = []
    let called = try Simulation(configuration)
    let invited = keys.prefix(3).map(\.cold.accountID).sorted().map { ScaleValue.tuple([.bytes($0.bytes), 1]) }
    let bootnode = ScaleValue.tuple([.bytes(Array(Self.peer(9).peerID.utf8)), .bytes(Self.address(9))])
    let data = ScaleValue.fields([
      .init("name", .bytes(Array(preset.name.utf8))), .init("repo", .bytes(Array(preset.repo.utf8))),
      .init("description", .bytes([])), .init("misc", .bytes([])),
      .init("min_stake", .unsigned(preset.minimumStake.value)),
      .init("max_stake", .unsigned(preset.maximumStake.value)),
      .init("delegate_stake_percentage", .unsigned(preset.delegateStakePercentage.value)),
      .init("initial_coldkeys", .sequence(invited)), .init("bootnodes", .sequence([bootnode])),
    ])
    let owner = keys[0].cold
    let register = HypertensorCall(
      CallName("Network", "register_subnet"),
      [CallArgument("max_cost", .unsigned(10 * FixedPoint.one)), CallArgument("subnet_data", data)])
    #expect(try called.run(register, owner) == nil)
    for (node, key) in zip(preset.nodes, keys).prefix(3) {
      #expect(try Self.register(called, node, key.cold) == nil)
    }
    #expect(try called.run(.activateSubnet(SubnetPreset.firstID), owner) == nil)
    #expect(try called.run(.addDelegateStake(subnet: SubnetPreset.firstID, amount: preset.delegateStake), owner) == nil)
    #expect(try Self.register(called, preset.nodes[3], keys[3].cold) == nil)
    let (left, right) = (Self.network(made), Self.network(called))
    for key in Set(left.keys).union(right.keys) where left[key] != right[key] {
      Issue.record("\(Hex.encode(key)): \(Hex.encode(left[key] ?? [])), by calls \(Hex.encode(right[key] ?? []))")
    }
    #expect(left.count > 50)
  }

  @Test("A node of class Included is what the chain makes of one in time")
  func includedNode() throws {
    let keys = try Self.keys(4)
    let slow = try Self.chain(Self.preset(keys, [.validator, .validator, .validator, .registered]))
    let quick = try Self.chain(Self.preset(keys, [.validator, .validator, .validator, .included]))
    let subnet = SubnetPreset.firstID
    var grown = try #require(slow.node.chain.runtime.node(subnet, 4))
    for epoch in UInt32(1)..<12 where grown.classification.nodeClass != .included {
      slow.advance(to: UInt64(epoch) * 10 + 3)
      let elected = try #require(slow.storage.stored(Network.items.subnetElectedValidator(subnet, epoch)))
      let scores = (1...4).map { ConsensusSubmission.Score(subnetNodeID: $0, score: .one) }
      let propose = try HypertensorCall.proposeAttestation(subnet: subnet, node: elected, scores: scores)
      #expect(try slow.run(propose, keys[Int(elected) - 1].hot) == nil)
      let voters = (1...3).filter { $0 != elected }
      #expect(try slow.run(voters.map { (.attest(subnet: subnet, node: $0), keys[Int($0) - 1].hot) }) == [nil, nil])
      grown = try #require(slow.node.chain.runtime.node(subnet, 4))
    }
    #expect(grown.classification.nodeClass == .included)
    grown.classification.startEpoch = 0
    #expect(quick.node.chain.runtime.node(subnet, 4)?.encoded == grown.encoded)
    for chain in [slow, quick] {
      #expect(chain.storage[Network.items.subnetNodeQueue(subnet)].isEmpty)
      #expect(chain.storage[Network.items.totalActiveSubnetNodes(subnet)] == 4)
      #expect(chain.storage[Network.items.subnetNodeElectionSlots(subnet)] == [1, 2, 3])
      #expect(!chain.storage.contains(Network.items.registeredSubnetNodesData(subnet, 4)))
    }
  }

  @Test("All its nodes have proof of stake at once, each in its class, and the first election is that of epoch 1")
  func proofAndElection() throws {
    let keys = try Self.keys(4)
    let chain = try Self.chain(
      Self.preset(keys, [.validator, .validator, .validator, .included], includedEpochs: 5000))
    func holds(_ number: Int, _ nodeClass: UInt8) -> Bool? {
      let id = JSONValue(byteArray: Self.peer(number).peerID.utf8)
      let answer = chain.call(
        "network_proofOfStake", [JSONValue(SubnetPreset.firstID), id, JSONValue(nodeClass)])
      return answer["result"]?.boolValue
    }
    #expect((0...3).map { holds($0, 2) } == [true, true, true, true])
    #expect((0...3).map { holds($0, 3) } == [true, true, true, false])
    #expect(holds(4, 0) == false)
    chain.advance(to: 12)
    #expect(chain.storage.entries(Network.items.subnetElectedValidator).isEmpty)
    chain.advance(to: 13)
    let elected = chain.storage.stored(Network.items.subnetElectedValidator(SubnetPreset.firstID, 1))
    #expect(elected.map { (1...3).contains($0) } == true)
  }

  @Test("A subnet that the chain would refuse is refused with the chain's reason")
  func refused() throws {
    let keys = try Self.keys(3)
    var cases: [(String, SubnetPreset)] = []
    cases.append(
      ("InvalidSubnetRegistrationInitialColdkeys", Self.preset(Array(keys.prefix(2)), [.validator, .validator])))
    var preset = Self.preset(keys, [.validator, .validator, .validator])
    preset.bootnodes = []
    cases.append(("BootnodesEmpty", preset))
    preset = Self.preset(keys, [.validator, .validator, .validator])
    preset.nodes[1].stake = Planck(FixedPoint.one)
    cases.append(("MinStakeNotReached", preset))
    preset.nodes[1] = preset.nodes[0]
    preset.nodes[1].coldkey = keys[1].cold.accountID
    cases.append(("HotkeyHasOwner", preset))
    preset = Self.preset(keys, [.validator, .validator, .validator])
    preset.nodes[2].peer = preset.nodes[1].peer
    cases.append(("PeerIdExist", preset))
    for (reason, preset) in cases {
      let error = #expect(throws: DevChainFailure.self) { _ = try Self.chain(preset) }
      #expect(error?.kind == .genesis)
      #expect(error?.message.contains(reason) == true, "\(reason): \(error?.message ?? "")")
    }
  }
}
