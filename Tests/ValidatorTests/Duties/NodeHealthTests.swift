import Substrate
import Testing

@testable import Validator

@Suite("What is alarming about the own node")
struct NodeHealthTests {
  private typealias Alarm = NodeHealth.Alarm

  private static let half: FixedU128 = 500_000_000_000_000_000

  private static func tensor(_ amount: UInt64, less planck: UInt64 = 0) -> Planck {
    Planck(UInt128(amount) * 1_000_000_000_000_000_000 - UInt128(planck))
  }

  /// As near to each alarm as it may come without one: a millionth of a TENSOR, two of the largest slashes above the
  /// minimum, half of the reputation.
  private static func health(
    balance: Planck = 1_000_000_000_000, stake: Planck = tensor(102), minimum: Planck = tensor(100),
    slash maximumSlash: Planck = tensor(1), reputation: FixedU128 = half, isOwn: Bool = true,
    slashed: NodeHealth.Slash? = nil, change: NodeHealth.ReputationChange? = nil, clock: Double? = nil
  ) -> NodeHealth {
    NodeHealth(
      block: 143, balance: balance, stake: stake, minimumStake: minimum, maximumSlash: maximumSlash,
      reputation: reputation, isOwnHotkey: isOwn, slash: slashed, reputationChange: change, clockOffset: clock)
  }

  private static func change(_ before: FixedU128, to after: FixedU128) -> NodeHealth.ReputationChange {
    NodeHealth.ReputationChange(from: before, to: after, block: 143)
  }

  private struct Row {
    let what: String
    let now: NodeHealth
    var last: NodeHealth?
    var alarms: [Alarm] = []
  }

  private static let slash = NodeHealth.Slash(1, block: 143)
  private static let most = Planck(.max)

  private static let table = [
    Row(what: "all is at its threshold", now: health()),
    Row(what: "all is at its threshold, as before", now: health(), last: health()),
    Row(what: "plenty of everything", now: health(balance: tensor(1), stake: tensor(1000), reputation: .one)),

    Row(what: "a planck too little to pay with", now: health(balance: 999_999_999_999), alarms: [.lowBalance]),
    Row(what: "nothing to pay with", now: health(balance: 0), alarms: [.lowBalance]),

    Row(what: "a planck too little at stake", now: health(stake: tensor(102, less: 1)), alarms: [.lowStake]),
    Row(what: "a higher minimum", now: health(minimum: tensor(101)), alarms: [.lowStake]),
    Row(what: "larger slashes", now: health(stake: tensor(106), slash: tensor(3))),
    Row(
      what: "larger slashes, a planck", now: health(stake: tensor(106, less: 1), slash: tensor(3)), alarms: [.lowStake]),
    Row(what: "a minimum beyond all bounds", now: health(minimum: most, slash: most), alarms: [.lowStake]),

    Row(what: "stake that grew", now: health(stake: tensor(103)), last: health()),
    Row(
      what: "stake that fell", now: health(), last: health(stake: Planck(tensor(102).value + 1)), alarms: [.lostStake]),
    Row(what: "a slash", now: health(slashed: slash), alarms: [.slashed]),
    Row(
      what: "a slash, seen in the stake", now: health(slashed: slash), last: health(stake: tensor(103)),
      alarms: [.slashed]),
    Row(what: "a slash before", now: health(), last: health(slashed: slash)),

    Row(what: "a low reputation", now: health(reputation: 499_999_999_999_999_999), alarms: [.lowReputation]),
    Row(what: "a reputation that fell", now: health(change: change(.one, to: half)), alarms: [.lostReputation]),
    Row(what: "one that stayed", now: health(change: change(half, to: half))),
    Row(what: "one that rose", now: health(change: change(0, to: half))),

    Row(what: "another hotkey", now: health(isOwn: false), alarms: [.foreignHotkey]),

    Row(what: "a clock at the edge", now: health(clock: 30)),
    Row(what: "a clock at the other edge", now: health(clock: -30)),
    Row(what: "a clock ahead", now: health(clock: 30.001), alarms: [.wrongClock]),
    Row(what: "a clock behind", now: health(clock: -30.001), alarms: [.wrongClock]),
  ]

  @Test("§9 each alarm, at its threshold and one step beyond it")
  func thresholds() {
    for row in Self.table {
      #expect(row.now.alarms(since: row.last) == row.alarms, "\(row.what)")
    }
  }

  @Test("Every alarm has a row, and all of them can be told at once")
  func complete() {
    #expect(Set(Self.table.flatMap(\.alarms)) == Set(Alarm.allCases))
    let worst = Self.health(
      balance: 0, stake: 0, reputation: 0, isOwn: false, slashed: Self.slash, change: Self.change(.one, to: 0),
      clock: 31)
    #expect(Set(worst.alarms(since: nil)) == Set(Alarm.allCases).subtracting([.lostStake]))
  }
}
