/// Follows one extrinsic through the blocks of a chain that may reorganise.
///
/// A value without I/O. It is told of the blocks of the best chain, oldest first, and of the height of
/// finality, and says what became of the extrinsic.
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
  /// The blocks of the best chain that were looked through, above finality.
  private var scanned: [UInt64: BlockHash] = [:]
  /// All blocks up to this height were looked through on the final chain.
  private(set) var floor: UInt64

  /// - Parameter start: the height at which the extrinsic was signed; earlier blocks can't hold it.
  init(start: UInt64, expiresAt: UInt64?) {
    self.expiresAt = expiresAt
    floor = start
  }

  /// Whether a block still has to be looked through.
  func wants(_ block: BlockReference) -> Bool {
    block.number > floor && scanned[block.number] != block.hash
  }

  /// Takes in a block of the best chain; `index` is the extrinsic's place in it, if it is there.
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

  /// Takes in the height of finality, once all blocks of the best chain up to it were scanned.
  ///
  /// - Parameter hash: the final block at the height at which the extrinsic was found, if it was.
  mutating func finalize(_ number: UInt64, hash: BlockHash?) -> Change? {
    guard !isDone else { return nil }
    if let inclusion, inclusion.block.number <= number {
      guard inclusion.block.hash == hash else { return nil }
      isDone = true
      return .finalized(inclusion)
    }
    var complete = floor
    while complete < number, scanned[complete + 1] != nil { complete += 1 }
    for settled in scanned.keys where settled <= complete { scanned[settled] = nil }
    floor = complete
    // The last block that could hold it is the one before.
    guard inclusion == nil, let expiresAt, complete + 1 >= expiresAt else { return nil }
    isDone = true
    return .expired
  }
}
