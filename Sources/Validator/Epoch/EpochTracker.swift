import Substrate

/// Keeps what is known of the epoch from one head to the next, and says what has to be read anew. A value without I/O.
struct EpochTracker: Sendable {
  /// This program's peer id as the chain has it; nil for an onlooker.
  let ownPeer: String?
  private(set) var moment: EpochMoment?
  /// The first head that was seen, for those who must know since when it is watched.
  private(set) var firstSeen: BlockReference?
  private var heads: ChainHeads?
  private var roster: SubnetRoster?
  private var rosterBlock: UInt64 = 0
  private var firstBlock: BlockReference?

  init(ownPeer: String?) { self.ownPeer = ownPeer }

  /// Whether anything moved since the last time.
  func isNews(_ heads: ChainHeads) -> Bool { heads != self.heads }

  /// Whether the nodes have to be read at the best block: at the first, in a new epoch, after a reorganisation, and every
  /// tenth of an epoch.
  func needsRoster(_ heads: ChainHeads, _ clock: EpochClock, _ position: EpochPosition) -> Bool {
    guard roster != nil, let moment, let last = self.heads, moment.clock == clock, moment.epoch == position.epoch else {
      return true
    }
    if heads.best == last.best { return false }
    let isNext = heads.best.number == last.best.number + 1 && heads.parent == last.best.hash
    // Of a head further ahead it is not known whether it is on the same fork, so it is taken for one that is not.
    if !isNext { return true }
    return heads.best.number >= rosterBlock + max(1, position.length / 10)
  }

  /// The first block of an epoch if its hash is not known yet and can't change any more.
  func wantedHash(_ heads: ChainHeads, _ clock: EpochClock, _ position: EpochPosition) -> UInt64? {
    let number = clock.blocks.firstBlock(of: position.epoch)
    return number <= heads.finalized.number && firstBlock?.number != number ? number : nil
  }

  /// Takes in what was read.
  ///
  /// - Parameters:
  ///   - roster: nil if it had not to be read.
  ///   - firstBlock: the epoch's first block if it had to be read.
  /// - Returns: the new moment; nil if nothing that counts has changed.
  mutating func take(
    _ heads: ChainHeads, _ clock: EpochClock, _ position: EpochPosition, roster: SubnetRoster?, elected: UInt32?,
    firstBlock: BlockReference?
  ) -> EpochMoment? {
    if let roster {
      self.roster = roster
      rosterBlock = heads.best.number
    }
    if let firstBlock { self.firstBlock = firstBlock }
    self.heads = heads
    if firstSeen == nil { firstSeen = heads.best }
    guard let known = self.roster else { return nil }
    let first = self.firstBlock.flatMap { $0.number == clock.blocks.firstBlock(of: position.epoch) ? $0.hash : nil }
    let next = EpochMoment(
      best: heads.best, finalized: heads.finalized, clock: clock, position: position, firstBlockHash: first,
      elected: elected, roster: known, ownNode: ownPeer.flatMap(known.node(peerID:)))
    guard next != moment else { return nil }
    moment = next
    return next
  }

  /// Takes in heads at which the subnet has no epoch: it is not there, or not active yet.
  mutating func takeNothing(_ heads: ChainHeads) {
    self.heads = heads
    if firstSeen == nil { firstSeen = heads.best }
    moment = nil
    roster = nil
  }
}
