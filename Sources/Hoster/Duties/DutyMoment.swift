/// One moment of an epoch, as far as a hoster's duties depend on it.
public struct DutyMoment: Sendable, Hashable {
  public var epoch: UInt32
  /// The newest block.
  public var block: UInt64
  /// Where the time is in which hosters compute and commit.
  public var commit: WindowPhase
  /// The token ids of the consensus tensor; nil while they are not known.
  public var consensusTokens: [Int32]?
  /// This node's number in the subnet; nil while it has none, and no duties.
  public var subnetNodeID: UInt32?

  public init(epoch: UInt32, block: UInt64, commit: WindowPhase, consensusTokens: [Int32]?, subnetNodeID: UInt32?) {
    self.epoch = epoch
    self.block = block
    self.commit = commit
    self.consensusTokens = consensusTokens
    self.subnetNodeID = subnetNodeID
  }
}

/// Where a window of the epoch is.
public enum WindowPhase: String, Sendable, Hashable {
  case ahead, open, over
}
