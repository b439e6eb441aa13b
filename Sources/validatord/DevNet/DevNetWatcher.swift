import Substrate
import Validator

/// Looks at the chain and into the validators' databases, as anybody could.
actor DevNetWatcher {
  private let client: ChainClient
  private let plan: DevNetPlan
  private let folder: DevNetFolder
  private var epochs: [DevNetEpoch] = []
  private var opinions: [UInt32: [String: DevNetPicture.Opinion]] = [:]
  private var stores: [String: Store] = [:]

  init(_ client: ChainClient, _ plan: DevNetPlan, _ folder: DevNetFolder) {
    self.client = client
    self.plan = plan
    self.folder = folder
  }

  /// Calls `body` with every final block that can still be read, until it returns false.
  func follow(_ body: (DevNetPicture) async throws -> Bool) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      let (blocks, found) = AsyncStream.makeStream(of: BlockState.self)
      group.addTask { [client] in
        defer { found.finish() }
        try await client.followFinalized { state in
          if let state { found.yield(state) }
        }
      }
      defer { group.cancelAll() }
      for await state in blocks {
        guard try await body(look(at: state)) else { return }
      }
      try await group.waitForAll()
    }
  }

  /// The network as it is after a block.
  private func look(at state: BlockState) async throws -> DevNetPicture {
    let subnet = state.subnet(DevNetPlan.subnet)
    guard let clock = try await subnet.clock() else {
      throw CommandError("devnet.subnet", "the chain has lost the subnet", status: .failed)
    }
    let epoch = clock.epoch(at: state.number)
    if let epoch { try await follow(epoch, subnet, clock) }
    // Scores change once in an epoch; looking at every block is for those who watch.
    await readOpinions()
    return DevNetPicture(
      block: state.number, epoch: epoch, blocksInto: clock.blocksInto(state.number) ?? 0,
      epochLength: clock.epochLength, epochs: epochs, opinions: opinions)
  }

  private func follow(_ epoch: UInt32, _ subnet: SubnetState, _ clock: SubnetClock) async throws {
    if epochs.last?.epoch != epoch {
      try await settle(before: epoch, subnet)
      if let elected = try await subnet.electedValidator(epoch: epoch) {
        epochs.append(DevNetEpoch(epoch: epoch, elected: elected))
      }
    }
    guard let last = epochs.indices.last, epochs[last].epoch == epoch else { return }
    epochs[last].proposal = try await subnet.submission(epoch: epoch).map {
      DevNetEpoch.Proposal($0, epoch: epoch)
    }
  }

  /// Completes the epoch before `epoch`, which the block that `subnet` is in may have settled.
  private func settle(before epoch: UInt32, _ subnet: SubnetState) async throws {
    guard let last = epochs.indices.last, epochs[last].settlement == nil, epochs[last].epoch < epoch else { return }
    let parent = try await client.at(subnet.state.header.parent).subnet(DevNetPlan.subnet)
    epochs[last].proposal = try await subnet.submission(epoch: epochs[last].epoch).map {
      DevNetEpoch.Proposal($0, epoch: epochs[last].epoch)
    }
    var settlement: [DevNetEpoch.Settlement] = []
    for node in try await parent.nodes() {
      settlement.append(
        DevNetEpoch.Settlement(
          node: node.id, before: try await parent.stake(of: node), after: try await subnet.stake(of: node)))
    }
    epochs[last].settlement = settlement
  }

  // MARK: Databases

  /// A validator's database; nil as long as there is none.
  func store(of validator: DevNetNode) -> Store? {
    if let open = stores[validator.name] { return open }
    var options = StoreOptions()
    options.checksPages = false
    let opened = try? Store.openReadOnly(folder.database(of: validator), options: options)
    stores[validator.name] = opened
    return opened
  }

  /// Whether every validator has what stands on chain of these epochs.
  func haveNoted(_ epochs: [UInt32]) async -> Bool {
    for validator in plan.validators {
      guard let store = store(of: validator) else { return false }
      for epoch in epochs where ((try? await store.submission(epoch)) ?? nil) == nil { return false }
    }
    return true
  }

  private func readOpinions() async {
    for validator in plan.validators {
      guard let store = store(of: validator), let epoch = (try? await store.latestEpoch(scored: true)) ?? nil,
        let scores = (try? await store.scores(epoch)) ?? nil
      else { continue }
      for score in scores.sheet.scores {
        let judgement = scores.sheet.judgements.first { $0.subnetNodeID == score.subnetNodeID }
        opinions[score.subnetNodeID, default: [:]][validator.name] = DevNetPicture.Opinion(
          epoch: epoch, verdict: judgement?.verdict, reason: judgement?.reason,
          score: FixedU128(UInt128(score.score)))
      }
    }
  }

  /// Closes the databases.
  func close() {
    for store in stores.values { try? store.close() }
    stores = [:]
  }
}
