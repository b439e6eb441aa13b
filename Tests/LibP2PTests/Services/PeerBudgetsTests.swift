import NIOCore
import Testing

@testable import LibP2P

@Suite("Budgets of peers")
struct PeerBudgetsTests {
  private static let now = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

  @Test("Each peer has its own burst and refill")
  func separate() throws {
    let peers = try RoutingTableTests.peers(2, seed: 60)
    var budgets = PeerBudgets(burst: 3, interval: .seconds(1))
    let taken = (0..<5).map { _ in budgets.take(peers[0], now: Self.now) }
    #expect(taken == [true, true, true, false, false])
    let other = budgets.take(peers[1], now: Self.now)
    let later = (0..<2).map { _ in budgets.take(peers[0], now: Self.now + .seconds(1)) }
    #expect(other && later == [true, false])
  }

  @Test("A flood of peers does not make it grow, nor refill the budget of one that keeps asking")
  func flood() throws {
    let greedy = try RoutingTableTests.peers(1, seed: 61)[0]
    var budgets = PeerBudgets(burst: 10, interval: .hours(1))
    var generator = SeededGenerator(seed: 62)
    var granted = 0
    for number in 0..<10_000 {
      let now = Self.now + .microseconds(Int64(number))
      _ = budgets.take(try PeerID(bytes: [0x12, 0x20] + generator.bytes(32)), now: now)
      if budgets.take(greedy, now: now) { granted += 1 }
      #expect(budgets.count <= PeerBudgets.maximumPeers)
    }
    #expect(granted == 10)
  }
}
