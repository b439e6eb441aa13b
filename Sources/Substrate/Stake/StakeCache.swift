/// What is remembered of peers' stake: answers of the chain for as long as they hold.
///
/// Staked and unstaked peers have separate, bounded places, so that a flood of unknown peers can't push out
/// the known ones. A value; time is given from outside.
struct StakeCache: Sendable {
  private struct Proof {
    /// When the chain last said so.
    var provenAt: ContinuousClock.Instant
    /// Until when that is believed; in the past after an invalidation.
    var holdsUntil: ContinuousClock.Instant
  }

  private let configuration: ProofOfStake.Configuration
  private var staked: LeastRecentlyUsed<String, Proof>
  private var unstaked: LeastRecentlyUsed<String, ContinuousClock.Instant>

  init(_ configuration: ProofOfStake.Configuration) {
    self.configuration = configuration
    staked = LeastRecentlyUsed(capacity: configuration.capacity)
    unstaked = LeastRecentlyUsed(capacity: configuration.capacity)
  }

  /// The answer that still holds, if there is one.
  mutating func verdict(_ peerID: String, at now: ContinuousClock.Instant) -> StakeVerdict? {
    if let proof = staked.value(peerID), now < proof.holdsUntil { return .staked }
    if let until = unstaked.value(peerID), now < until { return .notStaked }
    return nil
  }

  /// How long ago the peer was last proven, however stale that is.
  func provenAgo(_ peerID: String, at now: ContinuousClock.Instant) -> Duration? {
    staked.peek(peerID).map { $0.provenAt.duration(to: now) }
  }

  /// Remembers an answer of the chain.
  ///
  /// - Returns: whether the peer was staked before and is no more.
  mutating func record(_ peerID: String, isStaked: Bool, at now: ContinuousClock.Instant) -> Bool {
    if isStaked {
      unstaked.remove(peerID)
      staked.insert(Proof(provenAt: now, holdsUntil: now + configuration.successLifetime), for: peerID)
      return false
    }
    unstaked.insert(now + configuration.failureLifetime, for: peerID)
    return staked.remove(peerID) != nil
  }

  /// Stops believing what is remembered of these peers, or of all; when they were proven stays known.
  ///
  /// - Returns: those that were believed to be staked, to be asked about again.
  mutating func invalidate(_ peers: Set<String>?, at now: ContinuousClock.Instant) -> [String] {
    var affected: [String] = []
    for peer in peers.map(Array.init) ?? Array(staked.keys) {
      guard var proof = staked.peek(peer) else { continue }
      affected.append(peer)
      proof.holdsUntil = now
      staked.insert(proof, for: peer)
    }
    for peer in peers.map(Array.init) ?? Array(unstaked.keys) { unstaked.remove(peer) }
    return affected
  }
}
