import Testing

@testable import Validator

@Suite("How long a signature may be included")
struct SignatureLifetimeTests {
  private func lifetime(
    _ remaining: UInt64, at block: UInt64 = 1000, behind lag: UInt64, most: UInt64 = 64
  ) -> SignatureLifetime {
    let position = EpochPosition(epoch: 1, into: 1, length: remaining + 2)
    return SignatureLifetime(position, at: block, finalized: block - lag, most: most)
  }

  @Test("§10 the longest era that ends with the epoch; of a lack of room and of finality each is told by its name")
  func cases() {
    #expect(lifetime(500, behind: 3) == .blocks(64))
    #expect(lifetime(14, behind: 1) == .blocks(16))
    #expect(lifetime(13, behind: 1) == .blocks(8))
    #expect(lifetime(0, behind: 1) == .noRoom)
    // The era of four blocks from a final block three behind is over with the next block.
    #expect(lifetime(1, behind: 3) == .noRoom)
    #expect(lifetime(500, behind: 62) == .blocks(64))
    #expect(lifetime(500, behind: 64) == .finalityBehind(64))
    #expect(lifetime(500, behind: 500) == .finalityBehind(500))
    #expect(lifetime(10, behind: 20) == .finalityBehind(20))
    #expect(
      SignatureLifetime(EpochPosition(epoch: 0, into: 0, length: 20), at: 0, finalized: 0, most: 64) == .blocks(16))
  }

  @Test("Whatever the numbers, an era is a power of two that reaches past the next block and not past the epoch")
  func bounds() {
    for remaining in 0...40 as ClosedRange<UInt64> {
      for lag in 0...80 as ClosedRange<UInt64> {
        guard case .blocks(let blocks) = lifetime(remaining, behind: lag) else { continue }
        let end = 1000 - max(1, lag) + blocks
        #expect(blocks.nonzeroBitCount == 1 && end > 1001 && end <= 1000 + remaining + 1, "\(remaining) \(lag)")
      }
    }
  }
}
