import Substrate
import Testing

@testable import DevChain

/// A subnet from its registration on, on a chain of its own with a shorter epoch.
@Suite("A subnet on the simulated chain")
struct SubnetLifeTests {
  private static let length: UInt64 = 10

  private static func simulation(seed: UInt64 = 1) throws -> (Simulation, [(cold: AccountKey, hot: AccountKey)]) {
    let keys = try (1...4).map { number in
      let cold = try AccountKey(secret: [UInt8](repeating: UInt8(number), count: 32))
      return (cold: cold, hot: try AccountKey(secret: [UInt8](repeating: UInt8(100 + number), count: 32)))
    }
    var configuration = DevChainConfiguration()
    configuration.parameters = RuntimeParameters(epochLength: UInt32(length))
    configuration.seed = seed
    for key in keys {
      configuration.genesis.balances[key.cold.accountID] = Planck(tensor: "100000")
      configuration.genesis.balances[key.hot.accountID] = Planck(tensor: "1")
    }
    return (try Simulation(configuration), keys)
  }

  /// Registers a subnet with three nodes and activates it; the fourth key waits.
  private static func activeSubnet(_ chain: Simulation, _ keys: [(cold: AccountKey, hot: AccountKey)]) throws -> UInt32
  {
    let invited = ScaleValue.sequence(
      keys.map(\.cold.accountID).sorted().map { .tuple([.bytes($0.bytes), 1]) })
    let data = ScaleValue.fields([
      .init("name", .bytes([1])), .init("repo", .bytes([2])), .init("description", .bytes([])),
      .init("misc", .bytes([])), .init("min_stake", .unsigned(100 * FixedPoint.one)),
      .init("max_stake", .unsigned(1000 * FixedPoint.one)),
      .init("delegate_stake_percentage", .unsigned(FixedPoint.one / 10)), .init("initial_coldkeys", invited),
      .init("bootnodes", .sequence([.tuple([.bytes(peer(9)), .bytes([0xa5, 3, 1, 0])])])),
    ])
    let register = HypertensorCall(
      CallName("Network", "register_subnet"),
      [CallArgument("max_cost", .unsigned(100 * FixedPoint.one)), CallArgument("subnet_data", data)])
    #expect(try chain.run(register, keys[0].cold) == nil)
    let subnet: UInt32 = 128_001
    for (number, key) in keys.prefix(3).enumerated() {
      #expect(try chain.run(registration(subnet, number, key.hot), key.cold) == nil)
    }
    let activate = HypertensorCall(
      CallName("Network", "activate_subnet"), [CallArgument("subnet_id", .unsigned(UInt128(subnet)))])
    #expect(try chain.run(activate, keys[1].cold) == "NotSubnetOwner")
    #expect(try chain.run(activate, keys[0].cold) == nil)
    return subnet
  }

  private static func peer(_ number: Int) -> [UInt8] {
    Array(("12D3KooW" + String(repeating: "\(number)", count: 44)).utf8)
  }

  private static func registration(_ subnet: UInt32, _ number: Int, _ hot: AccountKey) -> HypertensorCall {
    .registerSubnetNode(
      subnet: subnet,
      HypertensorCall.NodeRegistration(
        hotkey: hot.accountID,
        peer: Substrate.PeerInfo(peerID: String(decoding: peer(number), as: UTF8.self)),
        stake: Planck(200 * FixedPoint.one), maximumBurn: Planck(FixedPoint.one)))
  }

  @Test("Registered, activated, elected in the next epoch, proposed and attested: everybody is paid")
  func consensus() throws {
    let (chain, keys) = try Self.simulation()
    let subnet = try Self.activeSubnet(chain, keys)
    chain.advance(to: 2 * Self.length + 3)
    for _ in 0..<3 {
      let epoch = chain.node.chain.runtime.subnetEpoch(subnet)
      let elected = try #require(chain.storage.stored(Network.items.subnetElectedValidator(subnet, epoch)))
      let proposer = keys[Int(elected) - 1].hot
      let other = keys[Int(elected) % 3].hot
      let scores = (1...3).map { ConsensusSubmission.Score(subnetNodeID: $0, score: .one) }
      let propose = try HypertensorCall.proposeAttestation(subnet: subnet, node: elected, scores: scores)
      #expect(try chain.run(.attest(subnet: subnet, node: 1), other) == "InvalidSubnetConsensusSubmission")
      #expect(try chain.run(propose, other) == "InvalidValidator")
      #expect(try chain.run(propose, proposer) == nil)
      #expect(try chain.run(propose, proposer) == "SubnetRewardsAlreadySubmitted")
      #expect(try chain.run(.attest(subnet: subnet, node: elected), proposer) == "AlreadyAttested")
      #expect(try chain.run(.attest(subnet: subnet, node: 1), other) == nil)
      let before = chain.storage[Network.items.totalSubnetStake(subnet)]
      chain.advance(to: (chain.block / Self.length + 1) * Self.length + 3)
      #expect(try chain.events("SubnetRewards").count == 1)
      #expect(chain.storage[Network.items.totalSubnetStake(subnet)] > before)
    }
  }

  @Test("The same seed draws the same validators, another seed others")
  func draws() throws {
    func drawn(_ seed: UInt64) throws -> [UInt32] {
      let (chain, keys) = try Self.simulation(seed: seed)
      let subnet = try Self.activeSubnet(chain, keys)
      chain.advance(to: 40 * Self.length)
      return (2..<38).compactMap { chain.storage.stored(Network.items.subnetElectedValidator(subnet, $0)) }
    }
    let first = try drawn(1)
    #expect(first == (try drawn(1)))
    #expect(first != (try drawn(2)))
    #expect(Set(first).count == 3)
  }

  @Test("A node that joins later waits in the queue, and rises class by class")
  func queue() throws {
    let (chain, keys) = try Self.simulation()
    let subnet = try Self.activeSubnet(chain, keys)
    #expect(try chain.run(Self.registration(subnet, 7, keys[3].hot), keys[3].cold) == nil)
    var classes: [UInt8] = []
    for epoch in 2..<14 {
      chain.advance(to: UInt64(epoch) * Self.length + 3)
      let node = try #require(chain.node.chain.runtime.node(subnet, 4))
      if classes.last != node.classification.nodeClass.rawValue {
        classes.append(node.classification.nodeClass.rawValue)
      }
      let elected = try #require(
        chain.storage.stored(Network.items.subnetElectedValidator(subnet, UInt32(epoch))))
      let scores = (1...4).map { ConsensusSubmission.Score(subnetNodeID: $0, score: .one) }
      let propose = try HypertensorCall.proposeAttestation(subnet: subnet, node: elected, scores: scores)
      #expect(try chain.run(propose, keys[Int(elected) - 1].hot) == nil)
      let voters = (1...3).filter { $0 != elected }
      let ends = try chain.run(voters.map { (.attest(subnet: subnet, node: $0), keys[Int($0) - 1].hot) })
      #expect(ends.allSatisfy { $0 == nil })
    }
    #expect(classes == [0, 1, 2, 3])
  }
}
