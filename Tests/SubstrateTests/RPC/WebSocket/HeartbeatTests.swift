import Testing

@testable import Substrate

@Suite("Heartbeat")
struct HeartbeatTests {
  @Test("A silent peer is pinged, then given up; a byte from it starts over")
  func cycle() {
    let start = ContinuousClock.now
    var heartbeat = HeartbeatStateMachine(limits: RPCLimits(), now: start)
    #expect(heartbeat.tick(now: start + .seconds(14)) == .wait)
    #expect(heartbeat.tick(now: start + .seconds(15)) == .ping)
    #expect(heartbeat.tick(now: start + .seconds(24)) == .wait)
    let answers = (0..<2).map { _ in heartbeat.heard(now: start + .seconds(24)) }
    #expect(answers == [true, false])
    #expect(heartbeat.next == start + .seconds(39))
    #expect(heartbeat.tick(now: start + .seconds(39)) == .ping)
    #expect(heartbeat.tick(now: start + .seconds(49)) == .giveUp)
  }
}
