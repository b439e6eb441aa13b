import Substrate

/// What a chain begins with: a genesis, or a snapshot of another chain.
struct ChainStart: Sendable {
  let description: RuntimeDescription
  let storage: Storage
  let seed: UInt64
  /// The newest block.
  let head: BlockHeader
  let genesisHash: BlockHash
  /// Nil in a snapshot of a later block.
  let genesisHeader: BlockHeader?
  /// The slot of the newest block.
  let slot: UInt64
  /// Hashes by number, as far as they are known.
  let hashes: [UInt64: BlockHash]
}

extension ChainStart {
  /// A chain's first block.
  ///
  /// - Parameter time: milliseconds since 1970, for the first slot.
  init(_ genesis: Genesis, _ parameters: RuntimeParameters, seed: UInt64, time: UInt64) throws {
    description = RuntimeDescription(parameters)
    self.seed = seed
    storage = try genesis.storage(description, seed: seed)
    slot = time / parameters.slotDuration
    let zero = [UInt8](repeating: 0, count: 32)
    guard let none = BlockHash(zero) else { throw ScaleError(.malformed, "a hash has 32 bytes") }
    let header = BlockHeader(
      parent: none, number: 0,
      stateRoot: StateRoot.next(seed.encoded, storage.all.mapValues { .some($0) }),
      extrinsicsRoot: StateRoot.of([]), digest: [])
    head = header
    genesisHeader = header
    genesisHash = header.hash
    hashes = [0: header.hash]
  }
}
