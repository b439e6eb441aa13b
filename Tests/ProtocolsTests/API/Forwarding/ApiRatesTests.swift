import LibP2P
import NIOCore
import Testing

@testable import Protocols

@Suite("Rates of API calls")
struct ApiRatesTests {
  private static let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

  private func peers(_ count: Int) throws -> [PeerID] {
    try (0..<count).map { _ in try PrivateKey.generate(.ed25519).peerID }
  }

  private func route(_ name: String, perMinute: Int? = nil, ofPeer: Int? = nil) throws -> ServedRoute {
    var route = ApiRoute(url: "http://127.0.0.1/")
    (route.perMinute, route.perMinuteOfPeer) = (perMinute, ofPeer)
    return try ServedRoute(name: name, route)
  }

  /// How many of `count` calls pass.
  private func passing(_ count: Int, _ call: () throws(ApiError) -> Void) -> Int {
    (0..<count).filter { _ in (try? call()) != nil }.count
  }

  @Test("A peer over its rate is refused, costs the others nothing, and comes back with time")
  func node() throws {
    var limits = ApiLimits()
    limits.peerRate = .init(burst: 3, interval: .seconds(1))
    limits.rate = .init(burst: 5, interval: .milliseconds(500))
    var rates = ApiRates(limits: limits)
    let peers = try peers(3)
    var now = Self.start
    func calls(_ count: Int, _ peer: PeerID) -> Int {
      passing(count) { () throws(ApiError) in try rates.count(peer, now: now) }
    }
    #expect(calls(100, peers[0]) == 3)
    #expect(calls(1, peers[1]) == 1 && calls(100, peers[2]) == 1)
    now = now + .seconds(1)
    #expect(calls(100, peers[0]) == 1)
    #expect(calls(100, peers[2]) == 1)
    #expect(throws: ApiError(.tooOften, "calls come too often")) { try rates.count(peers[0], now: now) }
  }

  @Test("A route's rates hold for each peer and for all; without any, and on other routes, calls pass; zero is never")
  func routes() throws {
    var rates = ApiRates(limits: ApiLimits())
    let peers = try peers(3)
    var now = Self.start
    func calls(_ count: Int, _ route: ServedRoute, _ peer: PeerID) -> Int {
      passing(count) { () throws(ApiError) in try rates.count(route, peer, now: now) }
    }
    let both = try route("both", perMinute: 10, ofPeer: 6)
    #expect(calls(100, both, peers[0]) == 6)
    #expect(calls(100, both, peers[1]) == 4)
    #expect(calls(100, both, peers[2]) == 0)
    #expect(calls(500, try route("free"), peers[0]) == 500)
    #expect(calls(5, try route("closed", perMinute: 0), peers[0]) == 0)
    #expect(calls(5, try route("shut", ofPeer: 0), peers[0]) == 0)
    #expect(calls(1_000, try route("huge", perMinute: .max, ofPeer: .max), peers[0]) == 1_000)
    now = now + .seconds(60)
    #expect(calls(100, both, peers[0]) == 6)
    #expect(throws: ApiError(.tooOften, "calls of route both come too often")) {
      try rates.count(both, peers[0], now: now)
    }
    #expect(calls(100, try route("both", ofPeer: 7), peers[0]) == 7)
  }

  @Test("However many routes a peer calls, it gets no more of one, and the table has its bound")
  func flood() throws {
    var rates = ApiRates(limits: ApiLimits())
    let peer = try peers(1)[0]
    let greedy = try route("greedy", ofPeer: 2)
    var now = Self.start
    var granted = 0
    for number in 0..<RouteTable.maximumRoutes - 1 {
      now = now + .microseconds(1)
      try rates.count(try route("\(number)", perMinute: 1, ofPeer: 1), peer, now: now)
      #expect(rates.buckets <= ApiRates.maximumBuckets)
    }
    granted += passing(5) { () throws(ApiError) in try rates.count(greedy, peer, now: now) }
    for number in 0..<RouteTable.maximumRoutes - 1 {
      _ = try? rates.count(try route("\(number)", perMinute: 1, ofPeer: 1), peer, now: now)
    }
    granted += passing(5) { () throws(ApiError) in try rates.count(greedy, peer, now: now) }
    #expect(granted == 2)
  }
}
