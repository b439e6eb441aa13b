public import Substrate

/// The subnet at one moment: where in which epoch the best block is, and who is in it.
public struct EpochMoment: Sendable, Hashable {
  /// The newest block; may still be undone.
  public let best: BlockReference
  /// The newest block that can't be undone.
  public let finalized: BlockReference
  public let clock: EpochClock
  /// Where ``best`` is.
  public let position: EpochPosition
  /// Of the epoch's first block; nil until that is final.
  public let firstBlockHash: BlockHash?
  /// The node that has to propose in this epoch; nil if there is none. A reorganisation may change it.
  public let elected: UInt32?
  public let roster: SubnetRoster
  /// This program's node; nil while it is not in the subnet.
  public let ownNode: SubnetNode?

  public init(
    best: BlockReference, finalized: BlockReference, clock: EpochClock, position: EpochPosition,
    firstBlockHash: BlockHash?, elected: UInt32?, roster: SubnetRoster, ownNode: SubnetNode?
  ) {
    self.best = best
    self.finalized = finalized
    self.clock = clock
    self.position = position
    self.firstBlockHash = firstBlockHash
    self.elected = elected
    self.roster = roster
    self.ownNode = ownNode
  }

  public var epoch: UInt32 { position.epoch }
  /// The number of the epoch's first block.
  public var firstBlock: UInt64 { clock.blocks.firstBlock(of: epoch) }

  /// The elected node, if it is known and still there.
  public var electedNode: SubnetNode? { elected.flatMap(roster.node) }

  /// Whether the elected node is this program's.
  public var isElected: Bool { elected != nil && elected == ownNode?.id }
}
