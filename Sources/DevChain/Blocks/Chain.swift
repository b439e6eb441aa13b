import Substrate

/// Blocks, the states behind them, and the pool: a whole node without its network, as a value.
///
/// The same genesis and the same extrinsics in the same order give the same hashes.
struct Chain: Sendable {
  /// What the chain remembers.
  struct Retention: Sendable, Hashable {
    /// Blocks behind the newest one whose state can be read.
    var states: UInt32 = 512
    /// Blocks behind the newest one whose header and extrinsics can be read.
    var blocks: UInt32 = 8192
  }

  /// The runtime of the next block.
  private(set) var description: RuntimeDescription
  let retention: Retention
  /// Blocks between the newest and the final one.
  var finalityLag: UInt32
  private(set) var runtime: Runtime
  private(set) var head: Block
  private(set) var finalized: BlockReference
  let genesisHash: BlockHash
  /// The slot of the newest block ever made, retracted ones included, so that no block is made twice.
  private(set) var slot: UInt64
  var pool = TransactionPool()

  private var blocks: [BlockHash: Block] = [:]
  private var canonical: [UInt64: BlockHash] = [:]
  private var oldStates = StateCache()
  /// The runtimes that there were, by what stands under `:code`.
  private var runtimes: [[UInt8]: RuntimeDescription]

  /// Begins with the state of a genesis or a snapshot.
  init(_ start: ChainStart, finalityLag: UInt32 = 0, retention: Retention = Retention()) {
    description = start.description
    runtimes = [start.description.code: start.description]
    self.retention = retention
    self.finalityLag = finalityLag
    runtime = Runtime(start.description, start.storage, seed: start.seed)
    head = Block(start.head)
    genesisHash = start.genesisHash
    runtime.genesis = H256(start.genesisHash.bytes)
    slot = start.slot
    finalized = BlockReference(number: head.header.number, hash: head.hash)
    canonical = start.hashes
    canonical[0] = start.genesisHash
    canonical[head.header.number] = head.hash
    blocks[head.hash] = head
    if let genesis = start.genesisHeader { blocks[start.genesisHash] = Block(genesis) }
  }

  // MARK: Looking up

  func hash(at number: UInt64) -> BlockHash? { canonical[number] }
  func block(_ hash: BlockHash) -> Block? { blocks[hash] }

  /// Whether the block is one of the chain's own, not retracted.
  func isCanonical(_ block: Block) -> Bool { canonical[block.header.number] == block.hash }

  /// The state after a block; nil if it is forgotten.
  mutating func state(at hash: BlockHash) -> Runtime? {
    if hash == head.hash { return runtime }
    if let known = oldStates[hash] { return known }
    guard let block = blocks[hash], isCanonical(block) else { return nil }
    var storage = runtime.storage
    var cursor = head
    while cursor.hash != hash {
      guard let undo = cursor.undo, let parent = blocks[cursor.header.parent] else { return nil }
      storage.apply(undo)
      cursor = parent
    }
    let state = restored(storage)
    oldStates[hash] = state
    return state
  }

  /// A state that was rebuilt, with the runtime that it had.
  private func restored(_ storage: Storage) -> Runtime {
    var state = Runtime(
      storage.raw(RuntimeDescription.codeKey).flatMap { runtimes[$0] } ?? description, storage, seed: runtime.seed)
    state.genesis = runtime.genesis
    return state
  }

  /// The runtime of the block after another; nil if that one's state is forgotten.
  func description(at hash: BlockHash) -> RuntimeDescription? {
    value(RuntimeDescription.codeKey, at: hash).map { $0.flatMap { runtimes[$0] } ?? description }
  }

  /// One value after a block, without rebuilding the state. The outer nil means that the state is forgotten.
  func value(_ key: [UInt8], at hash: BlockHash) -> [UInt8]?? {
    guard let block = blocks[hash], isCanonical(block) else { return nil }
    var value = runtime.storage.raw(key)
    var cursor = head
    while cursor.hash != hash {
      guard let undo = cursor.undo, let parent = blocks[cursor.header.parent] else { return nil }
      if let before = undo[key] { value = before }
      cursor = parent
    }
    return .some(value)
  }

  // MARK: Making blocks

  /// What making a block led to.
  struct Made: Sendable {
    let block: Block
    /// What was taken from the pool, in the order of the block.
    let included: [TransactionPool.Entry]
    /// What turned out to be no longer good.
    let dropped: [TransactionPool.Entry]
    /// Keys that the block wrote.
    let changed: Storage.Changes
    /// Blocks that became final, oldest first.
    let finalized: [Block]
  }

  /// The most extrinsics that a block takes from the pool.
  static let extrinsicLimit = 1000

  /// Makes the next block of what is in the pool.
  ///
  /// - Parameter withheld: accounts whose extrinsics stay in the pool.
  mutating func makeBlock(without withheld: Set<AccountID> = []) -> Made {
    slot += 1
    let number = UInt32(clamping: head.header.number + 1)
    let time = slot.multipliedReportingOverflow(by: description.parameters.slotDuration).partialValue
    var extrinsics = [Timestamp.inherent(time)]
    var included: [TransactionPool.Entry] = []
    var dropped: [TransactionPool.Entry] = []
    let queue = pool.ready { runtime.storage[System.items.account($0)].nonce }
      .filter { !withheld.contains($0.transaction.signer) }
    runtime.storage.begin()
    runtime.initialize(block: number, parent: H256(head.hash.bytes))
    runtime.applyTimestamp(time)
    for entry in queue.prefix(Self.extrinsicLimit) {
      switch runtime.apply(entry.transaction, height: number) {
      case .success:
        extrinsics.append(entry.bytes)
        included.append(entry)
      // Because one before it was dropped; it may come later.
      case .failure(.future): continue
      case .failure: dropped.append(entry)
      }
    }
    runtime.finalize()
    let undo = runtime.storage.commit()
    append(extrinsics, undo)
    for entry in included + dropped { pool.remove(entry.hash) }
    dropped += revalidate()
    prune()
    return Made(
      block: head, included: included, dropped: dropped, changed: runtime.storage.current(of: undo),
      finalized: finalize())
  }

  private mutating func append(_ extrinsics: [[UInt8]], _ undo: Storage.Changes) {
    let header = BlockHeader(
      parent: head.hash, number: head.header.number + 1,
      stateRoot: StateRoot.next(head.header.stateRoot, runtime.storage.current(of: undo)),
      extrinsicsRoot: StateRoot.of(extrinsics), digest: [BlockHeader.slotLog(slot)])
    head = Block(header, extrinsics: extrinsics, undo: undo)
    blocks[head.hash] = head
    canonical[header.number] = head.hash
  }

  /// Drops what the new state makes impossible.
  private mutating func revalidate() -> [TransactionPool.Entry] {
    pool.all.filter { entry in
      do throws(InvalidTransaction) {
        try judge(entry.transaction)
        return false
      } catch {
        pool.remove(entry.hash)
        return true
      }
    }
  }

  /// Judges an extrinsic for the next block; one that waits for its nonce is good.
  func judge(_ transaction: SignedTransaction) throws(InvalidTransaction) {
    do throws(InvalidTransaction) {
      try runtime.check(
        transaction, height: UInt32(clamping: head.header.number + 1), parent: H256(head.hash.bytes))
    } catch .future {
      return
    }
  }

  private mutating func finalize() -> [Block] {
    let target = head.header.number.subtractingReportingOverflow(UInt64(finalityLag))
    guard !target.overflow, target.partialValue > finalized.number else { return [] }
    let final = (finalized.number + 1...target.partialValue).compactMap { canonical[$0].flatMap { blocks[$0] } }
    if let last = final.last { finalized = BlockReference(number: last.header.number, hash: last.hash) }
    return final
  }

  private mutating func prune() {
    let number = head.header.number
    if number > retention.states, let hash = canonical[number - UInt64(retention.states) - 1] {
      blocks[hash]?.undo = nil
    }
    guard number > retention.blocks else { return }
    let oldest = number - UInt64(retention.blocks)
    guard oldest > 0, oldest < finalized.number, let hash = canonical[oldest - 1], oldest > 1 else { return }
    blocks[hash] = nil
    canonical[oldest - 1] = nil
    // Retracted blocks go with the ones that replaced them.
    if number.isMultiple(of: 64) {
      blocks = blocks.filter { $0.value.header.number >= oldest || $0.key == genesisHash }
    }
  }

  // MARK: Reorganising

  /// Takes back the newest blocks, as if another fork had won; what they held goes back into the pool.
  ///
  /// - Parameter count: how many; no more than are not final yet.
  /// - Returns: the blocks that were taken back, newest first.
  mutating func retract(_ count: Int) -> [Block] {
    var retracted: [Block] = []
    while retracted.count < count, head.header.number > finalized.number, let undo = head.undo,
      let parent = blocks[head.header.parent]
    {
      var storage = runtime.storage
      storage.apply(undo)
      runtime = restored(storage)
      description = runtime.description
      canonical[head.header.number] = nil
      retracted.append(head)
      head = parent
    }
    oldStates = StateCache()
    return retracted
  }

  /// Writes into the newest state, as no extrinsic could. Older blocks keep theirs.
  mutating func override(_ changes: Storage.Changes) {
    runtime.storage.begin()
    for (key, value) in changes { runtime.storage.set(key, value) }
    let undo = runtime.storage.commit()
    head.undo?.merge(undo) { earlier, _ in earlier }
    blocks[head.hash] = head
  }

  /// Puts another runtime in place, from the next block on. The number of upgrades is for a test to bound.
  mutating func upgrade(_ parameters: RuntimeParameters) {
    description = RuntimeDescription(parameters)
    runtimes[description.code] = description
    override([RuntimeDescription.codeKey: description.code])
    runtime = restored(runtime.storage)
    oldStates = StateCache()
  }
}
