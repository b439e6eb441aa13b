import LibP2P
import Testing

@testable import Protocols

@Suite("Slots of calls")
struct CallSlotsTests {
  @Test("Places are counted by peer and in all, and come back")
  func counting() throws {
    var limits = CallLimits()
    limits.concurrentCalls = 3
    limits.concurrentCallsPerPeer = 2
    var slots = CallSlots(limits: limits)
    let (first, second) = (try PrivateKey.generate(.ed25519).peerID, try PrivateKey.generate(.ed25519).peerID)
    #expect(slots.enter(first) && slots.enter(first) && !slots.enter(first))
    #expect(slots.enter(second) && !slots.enter(second))
    slots.leave(first)
    #expect(slots.enter(second) && !slots.enter(first))
    for peer in [first, second, second] { slots.leave(peer) }
    #expect(slots.total == 0)
    slots.leave(first)
    #expect(slots.total == 0)
  }
}
