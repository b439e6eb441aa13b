/// Whether a peer has stake in a subnet. Source: spec/chain.md §4, threats.md S6.
public enum StakeVerdict: Sendable, Hashable {
  case staked
  case notStaked
  /// The chain could not be asked, or its answer can't be relied on. Never the same as `notStaked`, and
  /// never remembered.
  case unknown(Unknown)

  public struct Unknown: Sendable, Hashable {
    public let reason: String
    /// How long ago this peer was last found staked; nil if it never was, or is forgotten. Whoever gates a
    /// connection may grant a short grace on it.
    public let provenAgo: Duration?
  }
}

/// What a peer has to have.
public struct StakeRequirement: Sendable, Hashable {
  public var subnetID: UInt32
  public var minimumClass: NodeClass
  /// Nil for the subnet's own minimum.
  public var minimumStake: Planck?

  public init(subnetID: UInt32, minimumClass: NodeClass = .registered, minimumStake: Planck? = nil) {
    self.subnetID = subnetID
    self.minimumClass = minimumClass
    self.minimumStake = minimumStake
  }
}

/// A peer that was staked and, at a finalized block, no longer is.
public struct StakeRevocation: Sendable, Hashable {
  public let peerID: String
  public let block: BlockReference
}
