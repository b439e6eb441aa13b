import Substrate
import Testing

@testable import Validator

@Suite("Clock of an epoch")
struct EpochClockTests {
  @Test(
    "Windows hold by exact fractions, block by block, in epochs of any length and slots in mid-epoch",
    arguments: [10, 20, 100, 300] as [UInt64], [3, 7, 157] as [UInt64])
  func windows(_ length: UInt64, _ slot: UInt64) throws {
    let clock = EpochClock(try #require(SubnetClock(epochLength: length, slot: slot)))
    let timetable = EpochTimetable.standard
    for block in 0..<slot { #expect(clock.position(of: block) == nil) }
    for block in slot..<slot + 3 * length {
      let position = try #require(clock.position(of: block))
      // The definition in specification and prose, in hundredths of blocks: a < progress ≤ b.
      let progress = (block - slot) % length * 100
      for window in [timetable.commit, timetable.call, timetable.score] {
        let after = UInt64(try #require(window.after)) * length
        let isIn = after < progress && progress <= UInt64(window.through) * length
        #expect(position.isIn(window) == isIn, "\(position) \(window)")
        #expect(position.isPast(window) == (progress > UInt64(window.through) * length))
        let blocks = try #require(clock.blocks(of: window, in: position.epoch))
        #expect(blocks.contains(block) == isIn)
        #expect(position.canDoWhole(window) == (block <= blocks.lowerBound))
      }
      #expect(position.remaining == clock.blocks.lastBlock(of: position.epoch) - block)
    }
  }

  @Test("With 20 blocks: commits in 4…10, calls in 11…15, scores in 16…19, proposals in 0…10")
  func twenty() {
    let timetable = EpochTimetable.standard
    #expect(timetable.commit.places(of: 20) == 4...10)
    #expect(timetable.call.places(of: 20) == 11...15)
    #expect(timetable.score.places(of: 20) == 16...19)
    #expect(EpochWindow(after: nil, through: 50).places(of: 20) == 0...10)
    #expect(EpochWindow(after: nil, through: 10).places(of: 20) == 0...2)
    // A block of 100 % would be the next epoch's.
    #expect(EpochWindow(after: 90, through: 100).places(of: 20) == 19...19)
  }

  @Test("Epochs too short for a window have none, and no number traps")
  func extremes() {
    #expect(EpochTimetable.standard.call.places(of: 1) == nil)
    #expect(!EpochTimetable.standard.fits(3))
    #expect(EpochTimetable.standard.fits(20))
    for length in [0, 1, UInt64(UInt32.max), UInt64(UInt32.max) + 1, .max] {
      for window in [EpochWindow(after: nil, through: 100), EpochWindow(after: 255, through: 255)] {
        _ = window.places(of: length)
        _ = EpochPosition(epoch: .max, into: .max, length: length).isPast(window)
        _ = EpochPosition(epoch: 0, into: 0, length: length).remaining
      }
    }
  }

  @Test("Only ascending shares make a timetable")
  func timetable() {
    #expect(EpochTimetable(checking: 15, 50, 75, 95) == .standard)
    #expect(EpochTimetable(checking: 0, 1, 2, 100) != nil)
    for (a, b, c, d) in [(15, 15, 75, 95), (50, 15, 75, 95), (-1, 50, 75, 95), (15, 50, 75, 101), (15, 50, 95, 75)] {
      #expect(EpochTimetable(checking: a, b, c, d) == nil)
    }
  }
}
