public import Substrate

/// A subnet that is active from the chain's first block on, so that nobody has to wait for registrations and classes.
///
/// Its first election falls into the subnet's epoch 1, as for every subnet that is activated in epoch 0
/// (spec/chain.md §6).
public struct SubnetPreset: Sendable, Hashable {
  /// A node, registered and staked.
  public struct Node: Sendable, Hashable {
    public var hotkey: AccountID
    public var coldkey: AccountID
    /// The peer, and where it can be reached: a binary multiaddr that ends with `/p2p`.
    public var peer: Substrate.PeerInfo
    /// A second identity of the node, which calls others and proves stake as it does; nil for none.
    public var clientPeer: Substrate.PeerInfo?
    public var stake: Planck
    public var nodeClass: NodeClass

    public init(
      hotkey: AccountID, coldkey: AccountID, peer: Substrate.PeerInfo, stake: Planck, nodeClass: NodeClass = .validator
    ) {
      self.hotkey = hotkey
      self.coldkey = coldkey
      self.peer = peer
      self.stake = stake
      self.nodeClass = nodeClass
    }
  }

  public var name: String
  public var repo: String
  public var owner: AccountID
  /// One at least, as the chain wants it, each with a multiaddr.
  public var bootnodes: [Substrate.PeerInfo]
  /// Three of class ``NodeClass/validator`` at least, of three coldkeys. Node ids count from 1: first the validators,
  /// in this order, then the others.
  public var nodes: [Node]
  public var minimumStake: Planck
  public var maximumStake: Planck
  /// What delegate stakers get of the rewards.
  public var delegateStakePercentage: FixedU128
  /// What the owner stakes behind the subnet. A network without any pays its subnets no part of the emission.
  public var delegateStake: Planck = 0
  /// Epochs in consensus after which a node of class Included becomes a validator; nil for the chain's own number.
  public var includedEpochs: UInt32?

  /// The stakes between which the published chain lets a subnet choose.
  public static let stakes = (minimum: Planck(100 * FixedPoint.one), maximum: Planck(1000 * FixedPoint.one))

  public init(
    name: String, repo: String? = nil, owner: AccountID, bootnodes: [Substrate.PeerInfo], nodes: [Node],
    includedEpochs: UInt32? = nil
  ) {
    self.name = name
    self.repo = repo ?? name
    self.owner = owner
    self.bootnodes = bootnodes
    self.nodes = nodes
    self.includedEpochs = includedEpochs
    (minimumStake, maximumStake) = Self.stakes
    delegateStakePercentage = FixedU128(FixedPoint.one / 10)
  }

  /// The id of the first subnet of a chain.
  public static let firstID: UInt32 = 128_001
}
