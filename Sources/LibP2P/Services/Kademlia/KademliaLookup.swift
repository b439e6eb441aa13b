/// One iterative search for the peers closest to a key, or for one peer (libp2p "kad-dht" specification, "Peer
/// routing").
///
/// It asks the closest peers that it has heard of, at most ``concurrency`` at a time, until the closest
/// ``RoutingTable/bucketSize`` have answered, the peer is found, or ``maximumQueries`` are spent. Whoever it hears of
/// is bounded, so that liars can't make it grow.
public struct KademliaLookup: Sendable {
  /// Requests that are under way at a time (`α`).
  public static let concurrency = 3
  /// Requests of one look-up.
  public static let maximumQueries = 60
  /// Candidates remembered; the farthest are forgotten first.
  public static let maximumCandidates = 200

  /// What to do next.
  public enum Action: Sendable, Equatable {
    /// Ask this peer, at these addresses, and go on asking for actions.
    case query(PeerID, [Multiaddr])
    /// Wait for one of the requests under way.
    case wait
    /// The search is over.
    case finished(Result)
  }

  /// How a search ended.
  public struct Result: Sendable, Equatable {
    /// The addresses of the peer that was looked for; empty if nobody knew it.
    public var addresses: [Multiaddr]
    /// The closest peers that answered, closest first.
    public var closest: [PeerID]
  }

  private enum Progress {
    case heard
    case asked
    case answered
    case failed
  }

  private struct Candidate {
    let distance: KademliaKey.Distance
    var addresses: [Multiaddr]
    var progress = Progress.heard
  }

  private let target: KademliaKey
  private let wanted: PeerID?
  private let ownID: PeerID
  private var candidates: [PeerID: Candidate] = [:]
  private var found: [Multiaddr] = []
  private var pending = 0
  private var queries = 0

  /// - Parameters:
  ///   - wanted: the peer to find.
  ///   - ownID: this node, which is never asked.
  ///   - seeds: peers to begin with, and where they are.
  public init(for wanted: PeerID, by ownID: PeerID, seeds: [(PeerID, [Multiaddr])]) {
    self.init(target: KademliaKey(wanted), wanted: wanted, by: ownID, seeds: seeds)
  }

  /// Looks for the peers closest to `target`.
  public init(closestTo target: KademliaKey, by ownID: PeerID, seeds: [(PeerID, [Multiaddr])]) {
    self.init(target: target, wanted: nil, by: ownID, seeds: seeds)
  }

  private init(target: KademliaKey, wanted: PeerID?, by ownID: PeerID, seeds: [(PeerID, [Multiaddr])]) {
    self.target = target
    self.wanted = wanted
    self.ownID = ownID
    for (peer, addresses) in seeds { hear(of: peer, at: addresses) }
  }

  /// The next step. Ask again until it says ``Action/wait`` or ``Action/finished(_:)``.
  public mutating func next() -> Action {
    if !found.isEmpty { return .finished(result) }
    if pending < Self.concurrency, queries < Self.maximumQueries,
      let peer = ranked.first(where: { candidates[$0]?.progress == .heard })
    {
      candidates[peer]?.progress = .asked
      pending += 1
      queries += 1
      return .query(peer, candidates[peer]?.addresses ?? [])
    }
    return pending > 0 ? .wait : .finished(result)
  }

  /// What is known so far, for a search that has no more time.
  public var result: Result {
    Result(addresses: found, closest: ranked.filter { candidates[$0]?.progress == .answered })
  }

  /// Takes an answer. Answers of peers that were not asked, or were asked before, are ignored.
  public mutating func answered(_ peer: PeerID, closerPeers: [KademliaMessage.Peer]) {
    guard settle(peer, .answered) else { return }
    for closer in closerPeers { hear(of: closer.id, at: closer.addresses) }
  }

  /// Notes that a peer can't be reached or answered nonsense.
  public mutating func failed(_ peer: PeerID) {
    _ = settle(peer, .failed)
  }

  private mutating func settle(_ peer: PeerID, _ progress: Progress) -> Bool {
    guard candidates[peer]?.progress == .asked else { return false }
    candidates[peer]?.progress = progress
    pending -= 1
    return true
  }

  private mutating func hear(of peer: PeerID, at addresses: [Multiaddr]) {
    // Others may name this node as close; it has nothing to ask itself.
    guard peer != ownID else { return }
    if peer == wanted, !addresses.isEmpty {
      found += addresses.filter { !found.contains($0) }.prefix(KademliaMessage.maximumAddresses - found.count)
    }
    if candidates[peer] != nil {
      if candidates[peer]?.addresses.isEmpty == true { candidates[peer]?.addresses = addresses }
      return
    }
    candidates[peer] = Candidate(distance: KademliaKey(peer).distance(to: target), addresses: addresses)
    if candidates.count > Self.maximumCandidates, let farthest = farthestUnasked { candidates[farthest] = nil }
  }

  private var farthestUnasked: PeerID? {
    candidates.filter { $0.value.progress == .heard }.max { $0.value.distance < $1.value.distance }?.key
  }

  /// The closest peers that may still count, closest first.
  private var ranked: [PeerID] {
    candidates.filter { $0.value.progress != .failed }
      .sorted { $0.value.distance < $1.value.distance }
      .prefix(RoutingTable.bucketSize).map(\.key)
  }
}
