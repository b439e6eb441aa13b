/// Follows one extrinsic through the blocks of a chain that may reorganise.
///
/// A value without I/O. It is told of the blocks of one chain, each after its parent, and of final blocks among
/// them, and says what became of the extrinsic. What it calls final or expired is an ancestor of a final block
/// by the parents' hashes, whatever else an endpoint says.
struct ExtrinsicTracker: Sendable {
  /// Where the extrinsic was found.
  struct Inclusion: Sendable, Hashable {
    let block: BlockReference
    /// Its place in the block.
    let index: Int
  }

  enum Change: Sendable, Hashable {
    case included(Inclusion)
    /// The block it was in is no longer on the best chain.
    case retracted(BlockReference)
    case finalized(Inclusion)
    /// It can no longer be included.
    case expired
  }

  let expiresAt: UInt64?
  private(set) var inclusion: Inclusion?
  private(set) var isDone = false
  /// The blocks that were looked through above the floor; each one's parent is the one below it.
  private var scanned: [UInt64: BlockHash] = [:]
  /// All blocks up to this height were looked through on the final chain.
  private(set) var floor: UInt64
  /// The final block at the floor, once one is known.
  private(set) var floorHash: BlockHash?

  /// - Parameter start: the height at which the extrinsic was signed; earlier blocks can't hold it.
  init(start: UInt64, expiresAt: UInt64?) {
    self.expiresAt = expiresAt
    floor = start
  }

  /// Whether a block still has to be looked through.
  func wants(_ block: BlockReference) -> Bool {
    block.number > floor && scanned[block.number] != block.hash
  }

  /// Takes in a block whose parent was taken in before, or lies at the floor; `index` is the extrinsic's place
  /// in it, if it is there.
  mutating func scan(_ block: BlockReference, index: Int?) -> [Change] {
    guard !isDone, block.number > floor else { return [] }
    var changes: [Change] = []
    // Whatever stood at this height and above is not on the best chain any more.
    for number in scanned.keys where number > block.number { scanned[number] = nil }
    scanned[block.number] = block.hash
    if let inclusion, inclusion.block.number >= block.number, inclusion.block.hash != block.hash {
      self.inclusion = nil
      changes.append(.retracted(inclusion.block))
    }
    if let index, inclusion == nil {
      let found = Inclusion(block: block, index: index)
      inclusion = found
      changes.append(.included(found))
    }
    return changes
  }

  /// Takes in that a block is final. It counts once it was looked through.
  mutating func finalize(_ block: BlockReference) -> Change? {
    guard !isDone, block.number > floor, scanned[block.number] == block.hash else { return nil }
    if let inclusion, inclusion.block.number <= block.number {
      isDone = true
      return .finalized(inclusion)
    }
    floor = block.number
    floorHash = block.hash
    for settled in scanned.keys where settled <= floor { scanned[settled] = nil }
    // The last block that could hold it is the one before.
    guard inclusion == nil, let expiresAt, floor + 1 >= expiresAt else { return nil }
    isDone = true
    return .expired
  }
}
