private import Logging

/// Looks for an extrinsic in the blocks of the chain, by its hash.
struct ExtrinsicSearch: Sendable {
  let client: ChainClient
  let extrinsic: SignedExtrinsic
  private var tracker: ExtrinsicTracker
  /// What was found and could not be told yet, because its outcome was not to be had.
  private var untold: [ExtrinsicTracker.Change] = []
  private var failures = 0

  /// How many blocks are looked through before what was found is settled.
  static let step: UInt64 = 256
  /// How many rounds in a row an endpoint may answer with nonsense, or not know its own blocks.
  static let patience = 30

  init(client: ChainClient, extrinsic: SignedExtrinsic, from block: UInt64) {
    self.client = client
    self.extrinsic = extrinsic
    tracker = ExtrinsicTracker(start: block, expiresAt: extrinsic.expiresAt)
  }

  /// Looks through the blocks that came since the last time.
  ///
  /// - Throws: ``ExtrinsicError`` `expired` when it can no longer be included. A failing endpoint is no error
  ///   for ``patience`` rounds, a failing connection never: the next round looks again and nothing is lost.
  mutating func advance() async throws -> [ExtrinsicStatus] {
    var statuses: [ExtrinsicStatus] = []
    do {
      try await look()
      while let change = untold.first {
        statuses.append(try await status(of: change))
        untold.removeFirst()
      }
      failures = 0
    } catch let error as RPCError where error.failureClass != .permanent && error.server == nil {
      client.logger.debug("blocks can't be searched now", metadata: ["error": "\(error)"])
    } catch {
      failures += 1
      let isEndpoints = (error as? RPCError)?.server != nil || error is ChainError
      if isEndpoints && failures < Self.patience {
        client.logger.warning("an endpoint can't be searched for an extrinsic", metadata: ["error": "\(error)"])
      } else if statuses.isEmpty {
        throw error
      }
    }
    return statuses
  }

  private mutating func look() async throws {
    guard !tracker.isDone else { return }
    let finalized = try await client.finalized()
    // No block from its expiry on can hold it.
    let end = min(finalized.number, extrinsic.expiresAt.map { $0 - min($0, 1) } ?? .max)
    while tracker.floor < end {
      let next = min(tracker.floor + Self.step, end)
      let block = try await finalBlock(next, below: finalized)
      try await scan(upTo: block)
      if let change = tracker.finalize(block.reference) { untold.append(change) }
      if tracker.isDone { return }
    }
    let best = try await client.best()
    try await scan(upTo: best.number > tracker.floor + Self.step ? client.at(number: tracker.floor + Self.step) : best)
  }

  /// The final block at a height: by its descendants' hashes, or, deep below finality where no honest
  /// endpoints differ, by its height.
  private func finalBlock(_ number: UInt64, below finalized: BlockState) async throws -> BlockState {
    guard finalized.number - number <= Self.step else { return try await client.at(number: number) }
    var block = finalized
    while block.number > number { block = try await parent(of: block) }
    return block
  }

  private func parent(of block: BlockState) async throws -> BlockState {
    let parent = try await client.at(block.header.parent)
    guard parent.number == block.number - 1 else {
      throw ChainError(.malformed, "the parent of block \(block.reference) is block \(parent.number)")
    }
    return parent
  }

  /// Looks through the blocks up to `top` that were not yet, oldest first.
  private mutating func scan(upTo top: BlockState) async throws {
    var blocks: [BlockState] = []
    var block = top
    while tracker.wants(block.reference) {
      blocks.append(block)
      guard block.number > tracker.floor + 1 else {
        guard tracker.floorHash == nil || tracker.floorHash == block.header.parent else {
          throw ChainError(.malformed, "block \(block.reference) is on another chain than the final block before it")
        }
        break
      }
      block = try await parent(of: block)
    }
    for block in blocks.reversed() {
      let index = try await block.extrinsics().firstIndex { Blake2b.hash256($0) == extrinsic.hash }
      untold += tracker.scan(block.reference, index: index)
    }
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
