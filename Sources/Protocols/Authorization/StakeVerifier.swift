public import LibP2P

/// Says whether a peer has its stake in the subnet: the seam between peers and the chain.
///
/// `Substrate.ProofOfStake` stands behind it in the daemons.
public protocol StakeVerifier: Sendable {
  /// The peer's standing, from a cache or the chain. Never throws: what is not known is ``Standing/unknown(_:)``, and
  /// so is what a cancelled task asks for.
  ///
  /// - Parameter minimum: the class that the peer's node must have reached.
  func standing(of peer: PeerID, atLeast minimum: NodeClass) async -> Standing

  /// The same for a peer that came by itself: so that no number of strangers holds up this node's own work, questions
  /// about them give way to all others.
  func standing(ofStranger peer: PeerID, atLeast minimum: NodeClass) async -> Standing

  /// Peers that lose their standing, in any class, from now on. A listener that falls too far behind finds its stream
  /// ended and has to look at everybody again.
  func revocations() -> AsyncStream<PeerID>
}

extension StakeVerifier {
  public func standing(ofStranger peer: PeerID, atLeast minimum: NodeClass) async -> Standing {
    await standing(of: peer, atLeast: minimum)
  }

  /// - Throws: ``Refusal`` `auth.not-staked` or `auth.stake-unknown`.
  func require(_ peer: PeerID, atLeast minimum: NodeClass) async throws(Refusal) {
    switch await standing(of: peer, atLeast: minimum) {
    case .staked: return
    case .notStaked: throw Refusal(.notStaked, "\(peer) has no stake of class \(minimum.rawValue) or above")
    case .unknown(let reason): throw Refusal(.stakeUnknown, "the stake of \(peer) is not known: \(reason)")
    }
  }
}

/// The classes of a subnet's nodes, lowest first (chain.md): each has the rights of those before it.
public enum NodeClass: String, Sendable, Hashable, CaseIterable, Comparable {
  case registered, idle, included, validator

  public static func < (lhs: Self, rhs: Self) -> Bool { lhs.rank < rhs.rank }

  private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}

/// The three answers of proof of stake.
public enum Standing: Sendable, Hashable {
  /// The chain says so, or said so recently enough.
  case staked
  /// The chain says no.
  case notStaked
  /// The chain could not be asked; the text says why. Refuses.
  case unknown(String)
}
