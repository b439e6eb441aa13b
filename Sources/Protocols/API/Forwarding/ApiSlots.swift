import LibP2P

/// How many calls are under way, by peer and by route, as a value. One too many is refused, never queued.
struct ApiSlots: Sendable {
  private let limits: ApiLimits
  private(set) var count = 0
  private var peers: [PeerID: Int] = [:]
  private var routes: [String: Int] = [:]
  private var routesOfPeers: [RouteOfPeer: Int] = [:]

  private struct RouteOfPeer: Hashable {
    let route: String
    let peer: PeerID
  }

  init(limits: ApiLimits) {
    self.limits = limits
  }

  /// Whether nothing is under way, and nothing is remembered either.
  var isEmpty: Bool { count == 0 && peers.isEmpty && routes.isEmpty && routesOfPeers.isEmpty }

  /// Takes a slot of `peer` before its request is read.
  ///
  /// - Throws: ``ApiError`` `api.busy`.
  mutating func enter(_ peer: PeerID) throws(ApiError) {
    guard count < limits.concurrency, peers[peer, default: 0] < limits.peerConcurrency else {
      throw ApiError(.busy, "too many calls are under way")
    }
    count += 1
    peers[peer, default: 0] += 1
  }

  mutating func leave(_ peer: PeerID) {
    count -= 1
    peers.release(peer)
  }

  /// Takes a slot of a route, whatever the other routes are doing.
  ///
  /// - Throws: ``ApiError`` `api.busy`.
  mutating func enter(_ route: ServedRoute, _ peer: PeerID) throws(ApiError) {
    let key = RouteOfPeer(route: route.name, peer: peer)
    guard routes[route.name, default: 0] < route.configuration.concurrency ?? .max,
      routesOfPeers[key, default: 0] < route.configuration.peerConcurrency ?? .max
    else { throw ApiError(.busy, "too many calls of route \(route.name) are under way") }
    routes[route.name, default: 0] += 1
    routesOfPeers[key, default: 0] += 1
  }

  mutating func leave(_ route: ServedRoute, _ peer: PeerID) {
    routes.release(route.name)
    routesOfPeers.release(RouteOfPeer(route: route.name, peer: peer))
  }
}

extension Dictionary where Value == Int {
  /// Counts down, and forgets the key at zero.
  fileprivate mutating func release(_ key: Key) {
    let left = self[key, default: 1] - 1
    self[key] = left > 0 ? left : nil
  }
}
