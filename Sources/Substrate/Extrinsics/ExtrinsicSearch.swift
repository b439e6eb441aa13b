/// Looks for an extrinsic in the blocks of the best chain, by its hash.
struct ExtrinsicSearch: Sendable {
  let client: ChainClient
  let extrinsic: SignedExtrinsic
  private var tracker: ExtrinsicTracker

  init(client: ChainClient, extrinsic: SignedExtrinsic, from block: UInt64) {
    self.client = client
    self.extrinsic = extrinsic
    tracker = ExtrinsicTracker(start: block, expiresAt: extrinsic.expiresAt)
  }

  /// Looks through the blocks that came since the last time.
  ///
  /// - Throws: ``ExtrinsicError`` `expired` when it can no longer be included. A failing endpoint is no
  ///   error: the next round looks again.
  mutating func advance() async throws -> [ExtrinsicStatus] {
    do {
      let finalized = try await client.finalized()
      var statuses: [ExtrinsicStatus] = []
      for block in try await newBlocks() {
        let index = try await block.extrinsics().firstIndex { Blake2b.hash256($0) == extrinsic.hash }
        for change in tracker.scan(block.reference, index: index) {
          statuses.append(try await status(of: change))
        }
      }
      var finalHash: BlockHash?
      if let number = tracker.inclusion?.block.number, number <= finalized.number {
        finalHash = try await client.blockHash(number: number)
      }
      if let change = tracker.finalize(finalized.number, hash: finalHash) {
        statuses.append(try await status(of: change))
      }
      return statuses
    } catch let error as RPCError where error.failureClass != .permanent {
      return []
    }
  }

  /// The blocks of the best chain that were not looked through, oldest first.
  private func newBlocks() async throws -> [BlockState] {
    var blocks: [BlockState] = []
    var block = try await client.best()
    while tracker.wants(block.reference), UInt64(blocks.count) < ChainClient.searchDepth {
      blocks.append(block)
      block = try await client.at(block.header.parent)
    }
    return blocks.reversed()
  }

  private func status(of change: ExtrinsicTracker.Change) async throws -> ExtrinsicStatus {
    switch change {
    case .retracted(let block): return .retracted(block)
    case .included(let inclusion): return .inBlock(inclusion.block, try await outcome(inclusion))
    case .finalized(let inclusion): return .finalized(inclusion.block, try await outcome(inclusion))
    case .expired:
      throw ExtrinsicError(
        .expired,
        "\(extrinsic.call) \(Hex.encode(extrinsic.hash)) was not included before block \(extrinsic.expiresAt ?? 0)",
        remedy: "It can no longer be included; sign anew if it is still wanted.")
    }
  }

  private func outcome(_ inclusion: ExtrinsicTracker.Inclusion) async throws -> DispatchOutcome {
    let block = try await client.at(inclusion.block.hash)
    let metadata = try await block.executingRuntime().metadata
    guard let outcome = try await block.events().outcome(ofExtrinsic: inclusion.index, metadata: metadata) else {
      throw ChainError(
        .malformed, "the events of block \(inclusion.block) don't say how extrinsic \(inclusion.index) ended")
    }
    return outcome
  }
}
