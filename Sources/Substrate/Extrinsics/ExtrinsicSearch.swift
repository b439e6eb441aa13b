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
      for block in try await newBlocks(finalized: finalized.number) {
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
    } catch let error as ChainError where error.kind == .staleView || error.kind == .unknownBlock {
      return []
    }
  }

  /// The blocks of the best chain that were not looked through, oldest first.
  ///
  /// After a long absence the final blocks come first, by height and a stretch at a time; the rest is found
  /// from the head backwards, so that it belongs to one fork.
  private func newBlocks(finalized: UInt64) async throws -> [BlockState] {
    var blocks: [BlockState] = []
    if finalized > tracker.floor + ChainClient.searchStretch {
      let last = min(finalized, tracker.floor + ChainClient.searchStretch, extrinsic.expiresAt ?? .max)
      for number in (tracker.floor + 1)...max(last, tracker.floor + 1) {
        blocks.append(try await client.at(number: number))
      }
      return blocks
    }
    var block = try await client.best()
    while tracker.wants(block.reference) {
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
