import LibP2P
import NIOCore

/// How often peers may call, as a value: the node's rates, and those of routes that set their own. A call too many is
/// refused, never queued.
///
/// A peer's own rate comes before that of all together, so that one who is over it takes nothing from the others.
struct ApiRates: Sendable {
  /// Buckets of routes that are remembered. A peer that calls every route of a file can't have its own forgotten.
  static let maximumBuckets = 2 * RouteTable.maximumRoutes

  /// A changed rate is another bucket, which begins full.
  private struct RouteRate: Hashable {
    let route: String
    /// Nil for all peers together.
    let peer: PeerID?
    let perMinute: Int
  }

  private var peers: PeerBudgets
  private var all: TokenBucket
  private var routes = BudgetTable<RouteRate>(capacity: maximumBuckets)

  init(limits: ApiLimits) {
    peers = PeerBudgets(burst: limits.peerRate.burst, interval: limits.peerRate.interval)
    all = TokenBucket(burst: limits.rate.burst, interval: limits.rate.interval)
  }

  /// Buckets of routes that are remembered now.
  var buckets: Int { routes.count }

  /// Counts a call of `peer`, before its request is read.
  ///
  /// - Throws: ``ApiError`` `api.too-often`.
  mutating func count(_ peer: PeerID, now: NIODeadline) throws(ApiError) {
    guard peers.take(peer, now: now), all.take(now: now) else {
      throw ApiError(.tooOften, "calls come too often")
    }
  }

  /// Counts a call of a route, whatever the other routes are doing.
  ///
  /// - Throws: ``ApiError`` `api.too-often`.
  mutating func count(_ route: ServedRoute, _ peer: PeerID, now: NIODeadline) throws(ApiError) {
    guard take(route.configuration.perMinuteOfPeer, of: route.name, peer, now),
      take(route.configuration.perMinute, of: route.name, nil, now)
    else { throw ApiError(.tooOften, "calls of route \(route.name) come too often") }
  }

  private mutating func take(_ perMinute: Int?, of route: String, _ peer: PeerID?, _ now: NIODeadline) -> Bool {
    guard let perMinute else { return true }
    guard perMinute > 0 else { return false }
    return routes.take(
      RouteRate(route: route, peer: peer, perMinute: perMinute),
      fresh: TokenBucket(burst: perMinute, interval: .nanoseconds(60_000_000_000 / Int64(perMinute))), now: now)
  }
}
