import DevChain
import Foundation
import Logging
import Substrate
import Testing
import Validator

@testable import validatord

/// What an epoch is said to have cost, held to what a chain with the published rules took and paid.
@Suite("What was lost in an epoch, and why")
struct EpochLossTests {
  @Test("§6 too few attested: the slash is that of the chain's event, 1 TENSOR for one of five, and the reward is lost")
  func slashed() async throws {
    try await LossyEpoch.with { chain in
      let epoch = try await chain.live { elected in (1, [:]) }
      let (settlement, losses) = try await chain.losses(of: epoch.elected, epoch)
      try check(settlement, losses) { outcome in
        let tensor = try #require(Planck(tensor: "1"))
        #expect(losses.map(\.amount) == [tensor, tensor, nil, nil])
        #expect(outcome.slash == tensor && outcome.stakeBefore == Planck(outcome.stakeAfter.value + tensor.value))
        #expect(losses[0].text.contains("slashed in block \(outcome.block)"))
        #expect(losses[2].text.contains("1 of 5 attested"))
        #expect(losses[3].text == Self.fall(outcome))
        #expect(outcome.events.contains { $0.hasPrefix("Slashing") })
      }
      // The others lost their pay, and no stake.
      let (other, lost) = try await chain.losses(of: epoch.elected % 5 + 1, epoch)
      try check(other, lost) { outcome in
        #expect(lost.map(\.amount) == [nil])
        #expect(outcome.slash == nil && outcome.stakeBefore == outcome.stakeAfter)
      }
    }
  }

  @Test("§6 the elected node proposed nothing: its reward is lost, and everybody's pay")
  func silent() async throws {
    try await LossyEpoch.with { chain in
      let epoch = try await chain.live { _ in (nil, [:]) }
      let (settlement, losses) = try await chain.losses(of: epoch.elected, epoch)
      try check(settlement, losses) { outcome in
        let tensor = try #require(Planck(tensor: "1"))
        #expect(losses.map(\.amount) == [tensor, nil, nil])
        #expect(losses[0].text.contains("proposed nothing") && losses[2].text == Self.fall(outcome))
        #expect(outcome.stakeBefore == outcome.stakeAfter && outcome.reputationAfter < outcome.reputationBefore)
      }
      let (other, lost) = try await chain.losses(of: epoch.elected % 5 + 1, epoch)
      try check(other, lost) { _ in
        #expect(lost.map(\.amount) == [nil] && lost[0].text.contains("the elected node proposed nothing"))
      }
    }
  }

  /// What is said of a reputation that fell, by the chain's state before and after.
  private static func fall(_ outcome: EpochSettlement.Outcome) -> String {
    "the node's reputation fell from \(outcome.reputationBefore.percent) to \(outcome.reputationAfter.percent) "
      + "in block \(outcome.block)"
  }

  @Test("§6 a proposal at half of the epoch costs half of the proposer's reward")
  func lateProposal() async throws {
    try await LossyEpoch.with { chain in
      let epoch = try await chain.live { elected in
        (10, Dictionary(uniqueKeysWithValues: (1...5).filter { $0 != elected }.map { ($0, 11) }))
      }
      let (settlement, losses) = try await chain.losses(of: epoch.elected, epoch)
      try check(settlement, losses) { outcome in
        #expect(losses.count == 1 && losses[0].text.contains("proposed in block"))
        let half = try #require(Planck(tensor: "0.5"))
        #expect(Self.areNear(losses[0].amount, half, within: 1_000_000_000))
        #expect(outcome.stakeAfter > outcome.stakeBefore && outcome.slash == nil)
      }
    }
  }

  @Test(
    "§6 a late attestation costs what an early one was paid more; not to attest costs nothing below a super majority")
  func lateAttestation() async throws {
    try await LossyEpoch.with { chain in
      let epoch = try await chain.live { elected in
        let others = (1...5).filter { $0 != elected }
        return (1, [others[0]: 2, others[1]: 2, others[2]: 18])
      }
      let others = (1...5 as ClosedRange<UInt32>).filter { $0 != epoch.elected }
      let (early, none) = try await chain.losses(of: others[0], epoch)
      let (late, losses) = try await chain.losses(of: others[2], epoch)
      try check(early, none) { first in
        // One block late is next to nothing.
        #expect(none.allSatisfy { Self.areNear($0.amount, 0, within: 1_000_000_000) })
        try check(late, losses) { second in
          let paid = (
            first.stakeAfter.value - first.stakeBefore.value, second.stakeAfter.value - second.stakeBefore.value
          )
          #expect(paid.0 > paid.1 && paid.1 > 0)
          #expect(losses.count == 1 && losses[0].text.contains("17 blocks after"))
          #expect(Self.areNear(losses[0].amount, Planck(paid.0 - paid.1), within: 1_000_000_000))
        }
      }
      let (absent, lost) = try await chain.losses(of: others[3], epoch)
      try check(absent, lost) { outcome in
        #expect(lost.map(\.amount) == [0] && lost[0].text.contains("did not attest"))
        #expect(outcome.reputationAfter >= outcome.reputationBefore)
      }
    }
  }

  @Test("A node that has left the subnet is told so: it was in no proposal, and nothing of it was settled")
  func gone() async throws {
    try await LossyEpoch.with { chain in
      let gone = try await chain.removeOne()
      let epoch = try await chain.live { elected in
        (1, Dictionary(uniqueKeysWithValues: (1...5).filter { $0 != elected && $0 != gone }.map { ($0, 2) }))
      }
      let (settlement, losses) = try await chain.losses(of: gone, epoch)
      #expect(settlement.outcome == nil && settlement.submission?.attestations.count == 4)
      #expect(
        settlement.missing?.hasPrefix("node \(gone) was not in the subnet any more when block") == true,
        "\(settlement.missing ?? "")")
      #expect(losses.map(\.amount) == [0] && losses[0].text.hasPrefix("node \(gone) was not active in the subnet when"))
    }
  }

  /// Wide numbers stay out of asynchronous code.
  private func check(
    _ settlement: EpochSettlement, _ losses: [EpochLoss], _ body: (EpochSettlement.Outcome) throws -> Void
  ) throws {
    try body(try #require(settlement.outcome, "\(settlement.missing ?? "") \(losses)"))
  }

  private static func areNear(_ amount: Planck?, _ expected: Planck, within planck: UInt128) -> Bool {
    guard let amount else { return false }
    return max(amount.value, expected.value) - min(amount.value, expected.value) <= planck
  }
}

/// The recorded subnet of five on a simulated chain, whose nodes propose and attest when the test says so.
private final class LossyEpoch {
  struct Epoch {
    let number: UInt32
    let elected: UInt32
  }

  private struct Summary: Decodable {
    struct Node: Decodable {
      let id: UInt32
      let hotkeySecret: String
    }
    let nodes: [Node]
  }

  private static let subnet: UInt32 = 128_001
  private let chain: DevChainServer
  private let pool: EndpointPool
  private let client: ChainClient
  private let keys: [UInt32: AccountKey]
  private let clock: SubnetClock

  static func with(_ body: (LossyEpoch) async throws -> Void) async throws {
    let states = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "Interop/chain/states")
    var configuration = DevChainConfiguration()
    configuration.snapshot = [UInt8](try Data(contentsOf: states.appending(path: "five-feb2026.state.json")))
    configuration.blockTime = .manual
    var quiet = Logger(label: "test")
    quiet.logLevel = .critical
    let chain = try await DevChainServer.start(configuration, logger: quiet)
    let pool = EndpointPool([try RPCEndpoint(chain.webSocketURL)])
    let client = try await ChainClient(pool, logger: quiet)
    let summary = try JSONDecoder().decode(
      Summary.self, from: Data(contentsOf: states.appending(path: "five-feb2026.summary.json")))
    let keys = try summary.nodes.map { node in
      (node.id, try AccountKey(secret: try #require(Hex.decode(node.hotkeySecret))))
    }
    let clock = try #require(try await client.best().subnet(subnet).clock())
    try await body(
      LossyEpoch(chain: chain, pool: pool, client: client, keys: Dictionary(uniqueKeysWithValues: keys), clock: clock))
    await pool.shutdown()
    await chain.stop()
  }

  private init(
    chain: DevChainServer, pool: EndpointPool, client: ChainClient, keys: [UInt32: AccountKey], clock: SubnetClock
  ) {
    (self.chain, self.pool, self.client, self.keys, self.clock) = (chain, pool, client, keys, clock)
  }

  /// Lives through the next epoch with an election, and into the one after, which settles it.
  ///
  /// - Parameter plan: for the elected node, the place of the block with its proposal, and with each attestation.
  func live(_ plan: (UInt32) -> (propose: UInt64?, attest: [UInt32: UInt64])) async throws -> Epoch {
    while true {
      let number = try #require(clock.epoch(at: try await height())) + 1
      try await advance(to: clock.firstBlock(of: number))
      guard let elected = try await client.best().subnet(Self.subnet).electedValidator(epoch: number) else { continue }
      let (propose, attest) = plan(elected)
      for place in 1..<clock.epochLength {
        if propose == place {
          let scores = (1...5).map { ConsensusSubmission.Score(subnetNodeID: $0, score: .one) }
          try await send(.proposeAttestation(subnet: Self.subnet, node: elected, scores: scores), elected)
        }
        for (node, when) in attest where when == place {
          try await send(.attest(subnet: Self.subnet, node: node), node)
        }
        try await chain.makeBlocks()
      }
      try await chain.makeBlocks(2)
      return Epoch(number: number, elected: elected)
    }
  }

  /// Takes a node out of the subnet that does not have to propose now.
  func removeOne() async throws -> UInt32 {
    let number = try #require(clock.epoch(at: try await height()))
    let elected = try await client.best().subnet(Self.subnet).electedValidator(epoch: number)
    let node = try #require((1...5 as ClosedRange<UInt32>).first { $0 != elected })
    try await send(.removeSubnetNode(subnet: Self.subnet, node: node), node)
    try await chain.makeBlocks()
    try #require(try await client.at(number: height()).subnet(Self.subnet).node(node) == nil)
    return node
  }

  /// What `validatord explain` says to a node about the scores that were proposed in an epoch.
  func losses(of node: UInt32, _ epoch: Epoch) async throws -> (EpochSettlement, [EpochLoss]) {
    let folder = FileManager.default.temporaryDirectory.appending(path: "loss-\(UUID().uuidString)")
    try FileManager.default.createDirectory(
      at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    defer { try? FileManager.default.removeItem(at: folder) }
    let store = try Store.open(folder.appending(path: "validator.sqlite").path)
    defer { try? store.close() }
    try await store.bind(to: SubnetIdentity(genesisHash: client.genesisHash, subnetID: Self.subnet))
    try await store.open(
      EpochRecord(
        epoch: epoch.number - 1, firstBlock: clock.firstBlock(of: epoch.number - 1), length: clock.epochLength,
        ownNode: node), nodes: [])
    let account = try #require(try await EpochAccount(epoch.number - 1, store))
    let settlement = try await EpochSettlement(account, client)
    return (settlement, EpochLoss.all(own: node, settlement, account.duties))
  }

  private func advance(to number: UInt64) async throws {
    while try await height() < number { try await chain.makeBlocks() }
  }

  /// Of the newest block now; the client may still hold an older one.
  private func height() async throws -> UInt64 {
    try BlockHeader(json: await client.rpc.call("chain_getHeader", [], timeout: nil)).number
  }

  private func send(_ call: HypertensorCall, _ node: UInt32) async throws {
    let key = try #require(keys[node])
    let context = try await client.signingContext(for: key.accountID)
    try await client.submit(try context.sign(call, with: Signer(key, allowing: [call.name])))
  }
}
