import NIOCore

/// The host's connections by peer, and the rules about having several: which one carries new streams, which one
/// yields after a simultaneous dial, and which ones go when there are too many.
struct ConnectionTable {
  /// Two connections that come about within this time in opposite directions are one simultaneous dial.
  static let simultaneity = TimeAmount.seconds(5)

  private let ownID: PeerID
  private var byPeer: [PeerID: [P2PConnection]] = [:]
  private(set) var count = 0
  private var protections: [PeerID: Set<String>] = [:]

  init(ownID: PeerID) { self.ownID = ownID }

  /// Every connection.
  var all: [P2PConnection] { byPeer.values.flatMap(\.self) }

  /// The peers connected now.
  var peers: [PeerID] { Array(byPeer.keys) }

  /// All connections with a peer.
  subscript(peer: PeerID) -> [P2PConnection] { byPeer[peer] ?? [] }

  /// The connection for new streams: the youngest that is not retired, as an older one may be dead already.
  func best(for peer: PeerID) -> P2PConnection? { self[peer].last { !$0.isRetired } }

  /// Adds a connection.
  ///
  /// - Returns: the connection that yields to the other one of a simultaneous dial. Both ends come to the same
  ///   choice: the connection that the peer with the smaller id dialed stays.
  mutating func add(_ connection: P2PConnection) -> P2PConnection? {
    let rival = self[connection.peer].last {
      !$0.isRetired && $0.direction != connection.direction
        && connection.established - $0.established < Self.simultaneity
    }
    byPeer[connection.peer, default: []].append(connection)
    count += 1
    guard let rival else { return nil }
    let winner: Direction = ownID < connection.peer ? .outbound : .inbound
    return connection.direction == winner ? rival : connection
  }

  /// Takes a connection out.
  ///
  /// - Returns: whether it was the last one with its peer.
  mutating func remove(_ connection: P2PConnection) -> Bool {
    let rest = self[connection.peer].filter { $0.id != connection.id }
    count -= self[connection.peer].count - rest.count
    byPeer[connection.peer] = rest.isEmpty ? nil : rest
    return rest.isEmpty
  }

  /// Keeps a peer's connections from trimming until every tag is gone.
  mutating func protect(_ peer: PeerID, _ tag: String) { protections[peer, default: []].insert(tag) }

  /// Takes a tag away.
  mutating func unprotect(_ peer: PeerID, _ tag: String) {
    protections[peer]?.remove(tag)
    if protections[peer]?.isEmpty == true { protections[peer] = nil }
  }

  /// Whether a peer is protected.
  func isProtected(_ peer: PeerID) -> Bool { protections[peer] != nil }

  /// The connections to close when there are more than `high`: down to `low`, the longest unused first. Young ones,
  /// those with streams and those of protected peers stay.
  func trimmed(low: Int, high: Int, grace: TimeAmount, now: NIODeadline) -> [P2PConnection] {
    guard count > high else { return [] }
    return
      all
      .filter { $0.streamCount == 0 && now - $0.established >= grace && !isProtected($0.peer) }
      .sorted { $0.lastUse < $1.lastUse }
      .prefix(count - low).map(\.self)
  }
}
