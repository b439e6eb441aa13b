public import LibP2P

/// What a hoster knows of the subnet's epoch: the seam between the protocol and the chain (P-81).
public protocol ConsensusView: Sendable {
  /// The epoch that it is now; nil before the subnet's first one.
  func epoch() async -> EpochView?

  /// Whether a peer may check this node's answer in an epoch: it proves stake of class Validator and has not committed
  /// to an answer of its own. The elected node always may (epoch.md §4).
  func isValidator(_ peer: PeerID, in epoch: UInt32) async -> Bool

  /// Waits for the time of commits to be over, if that is about to be: heads reach one node a moment before the other,
  /// and a validator that asks at once must not be refused for that.
  ///
  /// - Returns: whether it is over.
  func isCommitOverSoon(in epoch: UInt32) async -> Bool
}

extension ConsensusView {
  /// Waits for nothing.
  public func isCommitOverSoon(in epoch: UInt32) async -> Bool { false }
}

/// One moment of an epoch, as far as answering peers depends on it.
public struct EpochView: Sendable, Hashable {
  /// Its number.
  public var number: UInt32
  /// The token ids of its consensus tensor; nil as long as they are not known, although somebody else may know them.
  public var consensusTokens: [Int32]?
  /// Whether the time is over in which hosters commit to their answers.
  public var isCommitOver: Bool
  /// The node that proposes the scores; nil if it is not known.
  public var elected: PeerID?

  public init(number: UInt32, consensusTokens: [Int32]?, isCommitOver: Bool, elected: PeerID? = nil) {
    self.number = number
    self.consensusTokens = consensusTokens
    self.isCommitOver = isCommitOver
    self.elected = elected
  }
}
