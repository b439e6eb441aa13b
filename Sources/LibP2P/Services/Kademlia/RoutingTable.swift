public import NIOCore

/// The peers that answer Kademlia requests, sorted by how near they are to this node: many close ones, few far ones.
///
/// A bucket holds ``bucketSize`` peers whose keys share a prefix of the same length with this node's. Known peers
/// stay: a newcomer enters a full bucket only in place of one that has not been useful for ``staleAfter``, so that
/// a flood of fresh identities can't push out those that work.
public struct RoutingTable: Sendable {
  /// Peers of one bucket, and of one answer (`k`).
  public static let bucketSize = 20
  /// A peer that was last useful longer ago may be replaced.
  public static let staleAfter = TimeAmount.minutes(60)

  private struct Entry {
    let peer: PeerID
    let key: KademliaKey
    var lastUseful: NIODeadline
  }

  private let ownKey: KademliaKey
  private let ownID: PeerID
  /// By the length of the shared prefix; only buckets that have peers.
  private var buckets: [Int: [Entry]] = [:]

  /// - Parameter peer: this node.
  public init(of peer: PeerID) {
    ownID = peer
    ownKey = KademliaKey(peer)
  }

  /// The number of peers.
  public var count: Int { buckets.values.reduce(0) { $0 + $1.count } }

  /// Whether `peer` is in its bucket.
  public func contains(_ peer: PeerID) -> Bool {
    buckets[bucket(KademliaKey(peer))]?.contains { $0.peer == peer } ?? false
  }

  /// Notes that `peer` answers requests now.
  ///
  /// - Returns: false if its bucket is full of peers that were useful not long ago.
  @discardableResult
  public mutating func useful(_ peer: PeerID, now: NIODeadline) -> Bool {
    guard peer != ownID else { return false }
    let key = KademliaKey(peer)
    var entries = buckets[bucket(key)] ?? []
    if let position = entries.firstIndex(where: { $0.peer == peer }) {
      entries[position].lastUseful = now
    } else if entries.count < Self.bucketSize {
      entries.append(Entry(peer: peer, key: key, lastUseful: now))
    } else if let stalest = entries.indices.min(by: { entries[$0].lastUseful < entries[$1].lastUseful }),
      entries[stalest].lastUseful + Self.staleAfter < now
    {
      entries[stalest] = Entry(peer: peer, key: key, lastUseful: now)
    } else {
      return false
    }
    buckets[bucket(key)] = entries
    return true
  }

  /// Takes out a peer that did not answer or no longer serves.
  public mutating func remove(_ peer: PeerID) {
    let position = bucket(KademliaKey(peer))
    buckets[position]?.removeAll { $0.peer == peer }
    if buckets[position]?.isEmpty == true { buckets[position] = nil }
  }

  /// The peers closest to `key`, closest first.
  public func closest(to key: KademliaKey, count: Int = bucketSize) -> [PeerID] {
    buckets.values.flatMap(\.self)
      .map { (peer: $0.peer, distance: $0.key.distance(to: key)) }
      .sorted { $0.distance < $1.distance }
      .prefix(count).map(\.peer)
  }

  private func bucket(_ key: KademliaKey) -> Int {
    ownKey.distance(to: key).commonPrefixLength
  }
}
