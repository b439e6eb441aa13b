import Testing

@testable import Substrate

@Suite("Clock of a subnet")
struct SubnetClockTests {
  @Test(
    "Blocks count into epochs as the chain counts them, from the slot on", arguments: [10, 20, 100, 300] as [UInt64],
    [3, 7] as [UInt64])
  func epochs(_ length: UInt64, _ slot: UInt64) throws {
    let clock = try #require(SubnetClock(epochLength: length, slot: slot))
    for block in 0..<slot {
      #expect(clock.epoch(at: block) == nil)
      #expect(clock.blocksInto(block) == nil)
    }
    // Counted, not computed: the oracle walks block by block.
    var (epoch, into): (UInt32, UInt64) = (0, 0)
    for block in slot..<(slot + 3 * length + 2) {
      #expect(clock.epoch(at: block) == epoch)
      #expect(clock.blocksInto(block) == into)
      if into == 0 { #expect(clock.firstBlock(of: epoch) == block) }
      if into == length - 1 { #expect(clock.lastBlock(of: epoch) == block) }
      into += 1
      if into == length { (epoch, into) = (epoch + 1, 0) }
    }
  }

  @Test("S7 an epoch without blocks, and numbers beyond any chain, do not trap")
  func extremes() throws {
    #expect(SubnetClock(epochLength: 0, slot: 3) == nil)
    #expect(SubnetClock(epochLength: 1 << 32, slot: 3) == nil)
    #expect(SubnetClock(epochLength: 1, slot: 1 << 32) == nil)
    let largest = UInt64(UInt32.max)
    for (length, slot) in [(largest, largest), (1, 0), (1, largest), (largest, 0)] {
      let clock = try #require(SubnetClock(epochLength: length, slot: slot))
      for block in [0, 1, UInt64.max] {
        _ = clock.epoch(at: block)
        _ = clock.blocksInto(block)
      }
      for epoch in [0, 1, UInt32.max] {
        _ = clock.firstBlock(of: epoch)
        _ = clock.lastBlock(of: epoch)
      }
    }
  }
}
