import NIOCore
import Testing

@testable import LibP2P

@Suite("Bootstrap schedule")
struct BootstrapScheduleTests {
  private static let now = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

  @Test("All are due at once; one that fails waits between half and all of a pause that doubles up to its cap")
  func backoff() throws {
    let addresses = try (1...3).map { try Multiaddr("/ip4/192.0.2.\($0)/tcp/1") }
    var schedule = BootstrapSchedule(addresses)
    var generator = SeededGenerator(seed: 50)
    #expect(schedule.due(now: Self.now, connected: []) == addresses)
    #expect(schedule.due(now: Self.now, connected: []).isEmpty)
    var now = Self.now
    var pause = BootstrapSchedule.basePause.nanoseconds
    for _ in 0..<30 {
      schedule.failed(addresses[0], now: now, using: &generator)
      #expect(schedule.due(now: now + .nanoseconds(pause / 2 - 1), connected: []).isEmpty)
      now = now + .nanoseconds(pause)
      #expect(schedule.due(now: now, connected: []) == [addresses[0]])
      pause = min(pause * 2, BootstrapSchedule.maximumPause.nanoseconds)
    }
  }

  @Test("A connected peer is left alone, and dialed again at once when it is gone")
  func connected() throws {
    let peer = try RoutingTableTests.peers(1, seed: 51)[0]
    let address = try Multiaddr("/ip4/192.0.2.1/tcp/1")
    var schedule = BootstrapSchedule([address])
    var generator = SeededGenerator(seed: 52)
    _ = schedule.due(now: Self.now, connected: [])
    schedule.failed(address, now: Self.now, using: &generator)
    let later = Self.now + .seconds(2)
    #expect(schedule.due(now: later, connected: []) == [address])
    schedule.connected(address, with: peer)
    #expect(schedule.due(now: later, connected: [peer]).isEmpty)
    #expect(schedule.due(now: later, connected: []) == [address])
  }

  @Test("More bootstrap peers than the bound are ignored")
  func bound() throws {
    let addresses = try (0..<1_000).map { try Multiaddr("/ip4/192.0.2.1/tcp/\($0)") }
    var schedule = BootstrapSchedule(addresses)
    #expect(schedule.due(now: Self.now, connected: []).count == BootstrapSchedule.maximumPeers)
  }
}
