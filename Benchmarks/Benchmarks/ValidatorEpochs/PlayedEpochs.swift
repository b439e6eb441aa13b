import Substrate
import Validator

/// Makes the blocks of epochs, and plays the validators that are not measured: they give every node all.
struct PlayedEpochs {
  private let feed: EpochFeed
  private let engine: ValidatorEngine
  private let pool: EndpointPool
  private let client: ChainClient
  private let scores: [ConsensusSubmission.Score]
  private static let subnet = ChainProcess.subnetID
  /// Of the subnet's epochs.
  private let firstBlock: UInt64
  /// Epochs in which all validators agreed.
  private(set) var agreed: UInt32 = 0

  init(feed: EpochFeed, engine: ValidatorEngine, url: String, nodes: Int) async throws {
    self.feed = feed
    self.engine = engine
    pool = EndpointPool([try RPCEndpoint(url)])
    client = try await ChainClient(pool, logger: ValidatorEpochs.logger)
    firstBlock = try await client.best().subnet(Self.subnet).clock()?.firstBlock(of: 0) ?? 0
    scores = (1...UInt32(nodes)).map { ConsensusSubmission.Score(subnetNodeID: $0, score: .one) }
  }

  func close() async { await pool.shutdown() }

  /// Lives through an epoch; the one before has been.
  mutating func live(_ epoch: UInt32) async throws {
    try await advance(to: epoch, 0)
    let hasScores = engine.lastScored == epoch - 1
    if let elected = try await client.best().subnet(Self.subnet).electedValidator(epoch: epoch) {
      if elected > 1 { try await propose(as: elected) }
      if elected > 1 || hasScores {
        try await pooled(1)
        try await advance(to: epoch, 1)
        let attestors = (2...UInt32(ChainProcess.validators)).filter { $0 != elected }
        for node in attestors { try await send(.attest(subnet: Self.subnet, node: node), as: node) }
        try await pooled(attestors.count + (elected > 1 && hasScores ? 1 : 0))
        try await advance(to: epoch, 2)
        let submission = try await client.best().subnet(Self.subnet).submission(epoch: epoch)
        if submission?.attestations.count == ChainProcess.validators { agreed += 1 }
      }
    }
    try await advance(to: epoch, 6)
    try await ValidatorEpochs.wait(for: "the scores of epoch \(epoch)") { engine.lastScored == epoch }
    try await advance(to: epoch, 9)
  }

  private func advance(to epoch: UInt32, _ into: UInt64) async throws {
    while true {
      if let position = feed.moment?.position, (position.epoch, position.into) >= (epoch, into) { return }
      _ = try await client.rpc.call("dev_newBlock", [], timeout: nil)
      // Not by the client's view, which may be a block behind.
      let head = try BlockHeader(json: await client.rpc.call("chain_getHeader", [], timeout: nil)).number
      guard head >= firstBlock else { continue }
      try await ValidatorEpochs.wait(for: "block \(head)") { feed.moment?.best.number == head }
    }
  }

  private func propose(as node: UInt32) async throws {
    try await send(.proposeAttestation(subnet: Self.subnet, node: node, scores: scores), as: node)
  }

  private func send(_ call: HypertensorCall, as node: UInt32) async throws {
    let key = try ChainProcess.hotkey(node)
    let context = try await client.signingContext(for: key.accountID, lifetime: 4)
    try await client.submit(try context.sign(call, with: Signer(key, allowing: HypertensorCall.consensusDuties)))
  }

  /// Waits until so many extrinsics wait for a block.
  private func pooled(_ count: Int) async throws {
    try await ValidatorEpochs.wait(for: "\(count) extrinsics") {
      let pending = try await client.rpc.call("author_pendingExtrinsics", [], timeout: nil)
      return pending.arrayValue?.count ?? 0 >= count
    }
  }
}
