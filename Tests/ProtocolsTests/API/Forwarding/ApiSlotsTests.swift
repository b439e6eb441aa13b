import LibP2P
import Testing

@testable import Protocols

@Suite("Slots of API calls")
struct ApiSlotsTests {
  @Test("Whatever comes and goes, the limits hold and nothing is remembered in the end")
  func property() throws {
    var limits = ApiLimits()
    (limits.concurrency, limits.peerConcurrency) = (5, 3)
    var route = ApiRoute(url: "http://127.0.0.1/")
    (route.concurrency, route.peerConcurrency) = (3, 2)
    let served = try ServedRoute(name: "r", route)
    let peers = try (0..<3).map { _ in try PrivateKey.generate(.ed25519).peerID }
    var slots = ApiSlots(limits: limits)
    var calls: [PeerID] = []
    var onRoute: [PeerID] = []
    var random = SystemRandomNumberGenerator()
    for _ in 0..<2_000 {
      let peer = try #require(peers.randomElement(using: &random))
      switch Int.random(in: 0..<4, using: &random) {
      case 0:
        let hasRoom = calls.count < 5 && calls.filter { $0 == peer }.count < 3
        #expect((try? slots.enter(peer)) != nil ? hasRoom : !hasRoom)
        if hasRoom { calls.append(peer) }
      case 1:
        let hasRoom = onRoute.count < 3 && onRoute.filter { $0 == peer }.count < 2
        #expect((try? slots.enter(served, peer)) != nil ? hasRoom : !hasRoom)
        if hasRoom { onRoute.append(peer) }
      case 2: if !calls.isEmpty { slots.leave(calls.removeLast()) }
      default: if !onRoute.isEmpty { slots.leave(served, onRoute.removeLast()) }
      }
    }
    for peer in calls { slots.leave(peer) }
    for peer in onRoute { slots.leave(served, peer) }
    #expect(slots.isEmpty)
  }
}
