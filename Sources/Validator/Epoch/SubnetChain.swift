public import Substrate

/// The chain as far as it tells which epoch it is: the seam behind which a simulated one runs in tests.
public protocol SubnetChain: Sendable {
  /// Which subnet of which chain it is about.
  var identity: SubnetIdentity { get }

  /// Calls `body` whenever the heads may have moved, and now and then all the same, until the task is cancelled.
  ///
  /// - Throws: what `body` throws.
  func follow(_ body: () async throws -> Void) async throws

  /// The newest blocks now.
  func heads() async throws -> ChainHeads

  /// The subnet's clock after a block; nil while the subnet is not active.
  func clock(at block: BlockReference) async throws -> SubnetClock?

  /// The subnet and its nodes after a block; nil if there is no such subnet.
  func roster(at block: BlockReference) async throws -> SubnetRoster?

  /// The node that was elected for an epoch, after a block.
  func elected(for epoch: UInt32, at block: BlockReference) async throws -> UInt32?

  /// The hash of a block that is final, since its number is not above that of `finalized`.
  func hash(of number: UInt64, final finalized: BlockReference) async throws -> BlockHash
}

/// The newest blocks of a chain.
public struct ChainHeads: Sendable, Hashable {
  /// May still be undone.
  public let best: BlockReference
  /// The block before ``best``.
  public let parent: BlockHash
  /// Can't be undone.
  public let finalized: BlockReference

  public init(best: BlockReference, parent: BlockHash, finalized: BlockReference) {
    self.best = best
    self.parent = parent
    self.finalized = finalized
  }
}

/// A subnet and who is in it.
public struct SubnetRoster: Sendable, Hashable {
  public let state: Subnet.State
  /// The least stake with which a node proves itself.
  public let minimumStake: Planck
  /// By subnet node id, those in the queue included.
  public let nodes: [SubnetNode]
  /// Where the subnet's official bootnodes are.
  public let bootnodes: [SubnetState.Bootnode]

  public init(
    state: Subnet.State, minimumStake: Planck, nodes: [SubnetNode], bootnodes: [SubnetState.Bootnode] = []
  ) {
    self.state = state
    self.minimumStake = minimumStake
    self.nodes = nodes
    self.bootnodes = bootnodes
  }

  /// The node of a peer: by its main, bootnode or client peer id.
  public func node(peerID: String) -> SubnetNode? {
    nodes.first { $0.peer.peerID == peerID }
      ?? nodes.first { $0.bootnodePeer?.peerID == peerID || $0.clientPeer?.peerID == peerID }
  }

  public func node(_ id: UInt32) -> SubnetNode? { nodes.first { $0.id == id } }

  /// The nodes of at least a class in an epoch.
  public func nodes(of nodeClass: NodeClass, at epoch: UInt32) -> [SubnetNode] {
    nodes.filter { $0.has(nodeClass, at: epoch) }
  }
}
