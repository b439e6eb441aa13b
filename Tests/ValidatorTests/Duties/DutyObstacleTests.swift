import Substrate
import Testing

@testable import DevChain
@testable import Validator

/// What keeps an elected node with good scores from signing its proposal.
@Suite("Obstacles to a duty", .timeLimit(.minutes(10)))
struct DutyObstacleTests {
  enum Obstacle: String, CaseIterable {
    /// The network is paused.
    case paused
    /// The account has a planck too little to sign.
    case lowBalance
    /// The epoch is closed to new signatures.
    case protected
    /// The database was restored.
    case onHold

    var reason: MissReason {
      switch self {
      case .paused: .paused
      case .lowBalance: .lowBalance
      case .protected: .protected
      case .onHold: .onHold
      }
    }
  }

  /// The least that is signed with: 10^-9 TENSOR.
  private static let least: Planck = 1_000_000_000
  private static let tooLittle: Planck = 999_999_999

  /// An account as the chain keeps it, and under which key.
  private static func entry(
    of account: AccountID, nonce: UInt32, holding balance: Planck
  ) -> (key: [UInt8], value: [UInt8]) {
    var info = AccountInfo()
    (info.nonce, info.providers, info.data.free) = (nonce, 1, balance.value)
    return (System.items.account(account).key, info.encoded)
  }

  /// Has the node's account hold so much and no more.
  private func leave(_ balance: Planck, to node: UInt32, in subnet: EngineSubnet) async throws {
    let account = try subnet.hotkey(node).accountID
    let nonce = try await subnet.client.best().account(account).nonce
    let entry = Self.entry(of: account, nonce: nonce, holding: balance)
    try await subnet.set(entry.key, entry.value)
  }

  private func bring(
    _ obstacle: Obstacle, over own: EngineSubnet.Member, in epoch: UInt32, _ subnet: EngineSubnet
  ) async throws {
    let journal = SubmissionJournal(own.store)
    switch obstacle {
    case .paused: try await subnet.set(Network.items.txPause().key, [1])
    case .lowBalance: try await leave(Self.tooLittle, to: own.id, in: subnet)
    case .protected:
      try await journal.raise(
        ProtectionBounds([.init(subnet: identity(subnet), nodeID: own.id, duty: .propose, epoch: epoch)]))
    case .onHold: try await journal.hold(.restored, "a test restored it")
    }
  }

  private func lift(
    _ obstacle: Obstacle, from own: EngineSubnet.Member, in epoch: UInt32, _ subnet: EngineSubnet
  ) async throws {
    switch obstacle {
    case .paused: try await subnet.set(Network.items.txPause().key, nil)
    case .lowBalance: try await leave(Self.least, to: own.id, in: subnet)
    // It is closed for good; the next ones are not.
    case .protected: break
    case .onHold:
      try await SubmissionJournal(own.store).settleRestore(
        ChainWitness(subnet: identity(subnet), nodeID: own.id, currentEpoch: epoch))
    }
  }

  private func identity(_ subnet: EngineSubnet) -> SubnetIdentity {
    SubnetIdentity(genesisHash: subnet.client.genesisHash, subnetID: EngineSubnet.subnetID)
  }

  @Test("§8 nothing is signed, the reason is kept, and the next epoch is whole", arguments: Obstacle.allCases)
  func proposal(_ obstacle: Obstacle) async throws {
    let subnet = try await EngineSubnet()
    for id in 2...4 as ClosedRange<UInt32> { try subnet.serve(id, nil) }
    try subnet.serve(5, SumBackend())
    let own = try await subnet.start(1)
    let account = try subnet.hotkey(1).accountID
    let journal = SubmissionJournal(own.store)
    let last = try await subnet.position().epoch
    try await subnet.elect(2, in: last)
    try await subnet.advanceToScores(of: last, seenBy: [own])
    // What the start has to look at is behind it.
    try await eventually("it has looked at a duty") { try await !journal.duties(epoch: last).isEmpty }
    try await subnet.advance(to: last, 19, seenBy: [own])

    // A paused network elects nobody.
    let epoch = last + 1
    try await subnet.elect(1, in: epoch)
    let nonce = try await subnet.client.best().account(account).nonce
    try await bring(obstacle, over: own, in: epoch, subnet)
    try await subnet.advance(to: epoch, 0, seenBy: [own])
    let duty = try await subnet.settle(own, in: epoch, seenBy: [own])
    #expect(duty.key.duty == .propose && duty.state == .missed(obstacle.reason) && duty.signature == nil, "\(duty)")
    #expect(try await subnet.submission(epoch) == nil)
    #expect(try await subnet.client.best().account(account).nonce == nonce)
    if obstacle == .lowBalance {
      try await eventually("the alarm") { own.engine.health?.alarms(since: nil).contains(.lowBalance) == true }
    }

    try await lift(obstacle, from: own, in: epoch, subnet)
    try await subnet.elect(1)
    let next = try await subnet.advanceToElection(of: 1...1, seenBy: [own])
    try await subnet.reachConsensus(in: next, of: 1, seenBy: [own])
    let done = try await subnet.settle(own, in: next, seenBy: [own])
    #expect(done.key.duty == .propose && done.state.name == "finalized", "\(done)")
    await subnet.close([own])
  }
}
