import NIOCore
import Testing

@testable import LibP2P

@Suite("Tables of budgets")
struct BudgetTableTests {
  private static let now = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

  @Test("Each key has the bucket it came with; the idlest keys are forgotten when there is no more room")
  func forgets() {
    var table = BudgetTable<Int>(capacity: 8)
    let (one, two) = (TokenBucket(burst: 1, interval: .hours(1)), TokenBucket(burst: 2, interval: .hours(1)))
    let first = (0..<3).map { _ in table.take(0, fresh: two, now: Self.now) }
    #expect(first == [true, true, false])
    for key in 1..<8 {
      let isTaken = table.take(key, fresh: one, now: Self.now + .seconds(Int64(key)))
      #expect(isTaken)
    }
    // One more: a quarter goes, 0 and 1.
    _ = table.take(8, fresh: one, now: Self.now + .seconds(8))
    #expect(table.count == 7)
    let isRemembered = !table.take(2, fresh: one, now: Self.now + .seconds(9))
    let isForgotten = table.take(0, fresh: one, now: Self.now + .seconds(9))
    #expect(isRemembered && isForgotten)
  }
}
