import Substrate
import Testing
import Validator

@testable import validatord

@Suite("What a local network has to show")
struct DevNetFindingsTests {
  private static let one = NodeScore.one

  /// Validators 1 to 3, honest hosters 4 to 6, the liar 7, the silent one 8.
  private static let right: [UInt32: UInt64] = [1: one, 2: one, 3: one, 4: one, 5: one, 6: one, 7: 0, 8: 0]

  private static func epoch(
    _ number: UInt32, attestations: Int = 3, scores: [UInt32: UInt64] = right, isSettled: Bool = true
  ) -> DevNetEpoch {
    var epoch = DevNetEpoch(epoch: number, elected: 1)
    epoch.proposal = DevNetEpoch.Proposal(
      proposer: 1, block: 23, rewardFactor: .one,
      attestations: Dictionary(uniqueKeysWithValues: (1...attestations).map { (UInt32($0), 24) }), voters: 3,
      scores: scores.mapValues { FixedU128(UInt128($0)) })
    epoch.settlement = isSettled ? [.init(node: 1, before: 5, after: 8), .init(node: 2, before: 5, after: 4)] : nil
    return epoch
  }

  private static func records(
    _ epochs: [UInt32], _ change: (inout [UInt32: [UInt32: UInt64]], Int) -> Void = { _, _ in },
    recomputing: Set<UInt32> = [0, 1, 2]
  ) -> [DevNetFindings.Record] {
    (1...3).map { number in
      var scores = Dictionary(uniqueKeysWithValues: epochs.map { ($0, right) })
      change(&scores, number)
      return DevNetFindings.Record(
        validator: "validator-\(number)", scores: scores,
        digests: scores.mapValues { scores in
          .sha256(Array(scores.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined().utf8))
        }, recomputed: recomputing)
    }
  }

  private static func unmet(
    _ epochs: [DevNetEpoch], _ records: [DevNetFindings.Record], wanted: UInt32 = 2
  ) throws -> [String] {
    DevNetFindings(epochs, records, try DevNetPlan(), wanted: wanted).findings.filter { !$0.isMet }.map(\.name)
  }

  @Test("Everything is met by a network that works")
  func works() throws {
    #expect(try Self.unmet([Self.epoch(1), Self.epoch(2)], Self.records([0, 1])) == [])
    #expect(try Self.unmet([Self.epoch(1, attestations: 2), Self.epoch(2)], Self.records([0, 1])) == [])
  }

  @Test("An epoch that is missing, not settled, or below 66 % has no consensus")
  func consensus() throws {
    #expect(try Self.unmet([Self.epoch(1)], Self.records([0])) == ["consensus"])
    #expect(try Self.unmet([Self.epoch(1), Self.epoch(2, attestations: 1)], Self.records([0, 1])) == ["consensus"])
    #expect(try Self.unmet([Self.epoch(1), Self.epoch(2, isSettled: false)], Self.records([0, 1])) == ["consensus"])
  }

  @Test("A liar who scores like the honest shows, in one database or on chain alone")
  func liar() throws {
    let epochs = [Self.epoch(1), Self.epoch(2)]
    let misled = Self.records([0, 1], { scores, number in if number == 3 { scores[1]?[7] = Self.one } })
    #expect(try Self.unmet(epochs, misled) == ["unfair-hosters", "agreement", "on-chain"])
    var kind = Self.right
    kind[8] = Self.one
    #expect(
      try Self.unmet([Self.epoch(1), Self.epoch(2, scores: kind)], Self.records([0, 1])) == [
        "unfair-hosters", "on-chain",
      ])
  }

  @Test("A database that lacks an epoch, or does not recompute, shows")
  func databases() throws {
    let epochs = [Self.epoch(1), Self.epoch(2)]
    let lacking = Self.records([0, 1], { scores, number in if number == 2 { scores[1] = nil } })
    #expect(try Self.unmet(epochs, lacking) == ["unfair-hosters", "agreement", "on-chain"])
    #expect(try Self.unmet(epochs, Self.records([0, 1], recomputing: [0])) == ["recomputation"])
  }

  @Test("Nothing at all shows nothing")
  func nothing() throws {
    #expect(try Self.unmet([], []).count == 5)
  }

  @Test("Rewards are what the stakes gained together")
  func rewards() { #expect(Self.epoch(1).rewards == 2) }

  @Test("The narrator tells each event once, in order")
  func narrator() throws {
    let plan = try DevNetPlan()
    var narrator = DevNetNarrator(plan)
    func picture(_ block: UInt64, _ epochs: [DevNetEpoch]) -> DevNetPicture {
      DevNetPicture(block: block, epoch: 1, blocksInto: 0, epochLength: 20, epochs: epochs, opinions: [:])
    }
    let elected = DevNetEpoch(epoch: 1, elected: 1)
    #expect(narrator.news(picture(22, [])) == [])
    #expect(narrator.news(picture(23, [elected])) == ["block 23  epoch 1: validator-1 is elected"])
    #expect(narrator.news(picture(23, [elected])) == [])
    var proposed = Self.epoch(1, attestations: 1, isSettled: false)
    #expect(narrator.news(picture(24, [proposed])) == ["block 24  epoch 1: validator-1 proposed in block 23"])
    proposed = Self.epoch(1, isSettled: false)
    #expect(narrator.news(picture(25, [proposed])) == ["block 25  epoch 1: 3 of 3 attest (100 %)"])
    #expect(
      narrator.news(picture(43, [Self.epoch(1)])) == [
        "block 43  epoch 1: consensus, 0.000000 TENSOR paid to stakes"
      ])
  }
}
