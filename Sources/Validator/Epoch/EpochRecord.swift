public import Substrate

/// An epoch of the subnet, as a validator opened it.
public struct EpochRecord: Sendable, Hashable {
  public let epoch: UInt32
  public let firstBlock: UInt64
  /// In blocks.
  public let length: UInt64
  /// Nil until the first block is final.
  public var firstBlockHash: BlockHash?
  /// The subnet node id of this validator; nil while it has none.
  public var ownNode: UInt32?
  /// Nil while nobody is elected, or not known yet.
  public var electedNode: UInt32?

  public init(
    epoch: UInt32, firstBlock: UInt64, length: UInt64, firstBlockHash: BlockHash? = nil, ownNode: UInt32? = nil,
    electedNode: UInt32? = nil
  ) {
    self.epoch = epoch
    self.firstBlock = firstBlock
    self.length = length
    self.firstBlockHash = firstBlockHash
    self.ownNode = ownNode
    self.electedNode = electedNode
  }
}

/// A node that has to be in the scores of an epoch.
public struct EpochNode: Sendable, Hashable {
  /// How a node takes part in the scores.
  public enum Standing: String, Sendable, Hashable, CaseIterable, Codable {
    /// It serves, and is called.
    case hoster
    /// It serves nothing.
    case validator
    /// This node.
    case own
  }

  public let subnetNodeID: UInt32
  public let peerID: String
  /// Nil in generation C, where it belongs to the validator.
  public let hotkey: AccountID?
  public let nodeClass: NodeClass
  public let standing: Standing

  public init(subnetNodeID: UInt32, peerID: String, hotkey: AccountID?, nodeClass: NodeClass, standing: Standing) {
    self.subnetNodeID = subnetNodeID
    self.peerID = peerID
    self.hotkey = hotkey
    self.nodeClass = nodeClass
    self.standing = standing
  }
}

/// A tensor that the hosters of an epoch were asked.
public struct ProbeTensor: Sendable, Hashable {
  public enum Source: String, Sendable, Hashable, CaseIterable {
    /// Derived from the epoch's first block.
    case chain
    /// Stored by the elected node.
    case dht
  }

  public let probe: UInt16
  public let source: Source
  public let tensor: Answer

  public init(probe: UInt16, source: Source, tensor: Answer) {
    self.probe = probe
    self.source = source
    self.tensor = tensor
  }

  public var digest: Digest32 { tensor.digest }
}
