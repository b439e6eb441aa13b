import Substrate
import Testing

@testable import Validator

@Suite("Score lists as the chain reads them")
struct ScoreListTests {
  private static func list(
    _ pairs: [(UInt32, UInt128)], members: Set<UInt32> = [1, 2, 3], repeats: ScoreList.Repeats = .dropAdjacent
  ) -> ScoreList {
    ScoreList(
      pairs.map { ConsensusSubmission.Score(subnetNodeID: $0.0, score: FixedU128($0.1)) }, members: members,
      repeats: repeats)
  }

  @Test("D-14 order does not matter, and two empty lists agree")
  func equality() {
    let (own, other) = (Self.list([(1, 5), (2, 6), (3, 7)]), Self.list([(3, 7), (1, 5), (2, 6)]))
    #expect(ScoreComparison(own: own, proposed: other).agrees)
    #expect(own.digest == other.digest)
    let empty = Self.list([], members: [])
    #expect(ScoreComparison(own: empty, proposed: empty).agrees)
    // Both leave out the same nodes.
    #expect(ScoreComparison(own: Self.list([(1, 5)]), proposed: Self.list([(1, 5)])).agrees)
  }

  @Test("D-14 one planck apart, a node too few or too many: no attestation")
  func differences() {
    let own = Self.list([(1, 5), (2, 6), (3, 7)])
    let near = ScoreComparison(own: own, proposed: Self.list([(1, 5), (2, 7), (3, 7)]))
    #expect(near.differences == [.init(subnetNodeID: 2, own: 6, proposed: 7)])
    let missing = ScoreComparison(own: own, proposed: Self.list([(1, 5), (2, 6)]))
    #expect(missing.differences == [.init(subnetNodeID: 3, own: 7, proposed: nil)])
    #expect(missing.faults == [.missing(3)])
    let foreign = ScoreComparison(own: own, proposed: Self.list([(1, 5), (2, 6), (3, 7), (9, 1)]))
    #expect(foreign.differences.isEmpty && foreign.faults == [.foreign(9)] && !foreign.agrees)
    #expect(!ScoreComparison(own: own, proposed: Self.list([])).agrees)
  }

  @Test("Tolerance is for each node")
  func tolerance() {
    let (own, other) = (Self.list([(1, 500), (2, 600), (3, 1)]), Self.list([(1, 510), (2, 590), (3, 1)]))
    #expect(ScoreComparison(own: own, proposed: other, policy: .tolerant(10)).agrees)
    #expect(ScoreComparison(own: own, proposed: other, policy: .tolerant(9)).differences.count == 2)
  }

  @Test("A repeat right behind the first is dropped by generations A and B, one elsewhere cuts everybody's pay")
  func repeats() {
    let adjacent = Self.list([(1, 5), (1, 9), (2, 6), (3, 7)])
    #expect(adjacent.faults.isEmpty && adjacent.scores.first?.score == 5)
    let apart = Self.list([(1, 5), (2, 6), (1, 9), (3, 7)])
    #expect(apart.faults == [.repeated(1)])
    let lowest = Self.list([(1, 9), (2, 6), (1, 5), (3, 7)], repeats: .keepLowest)
    #expect(lowest.scores.first?.score == 5 && lowest.faults == [.repeated(1)])
  }

  @Test("A sum beyond 128 bits is a fault")
  func overflow() {
    let list = Self.list([(1, .max), (2, 1), (3, 0)])
    #expect(list.faults == [.overflow])
    #expect(!ScoreComparison(own: Self.list([(1, .max), (2, 0), (3, 0)]), proposed: list).agrees)
  }
}
