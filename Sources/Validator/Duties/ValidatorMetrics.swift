import Metrics
import Substrate

/// What a validator counts and measures.
struct ValidatorMetrics: Sendable {
  private let balance = Gauge(label: "validator_hotkey_balance_tensor")
  private let stake = Gauge(label: "validator_stake_tensor")
  private let slashed = Gauge(label: "validator_slash_tensor")
  private let slashBlock = Gauge(label: "validator_slash_block")
  private let reputation = Gauge(label: "validator_reputation_ratio")
  private let reputationChange = Gauge(label: "validator_reputation_change_ratio")
  private let reputationBlock = Gauge(label: "validator_reputation_change_block")
  private let clockOffset = Gauge(label: "validator_clock_offset_seconds")

  func record(_ health: NodeHealth, _ alarms: [NodeHealth.Alarm]) {
    balance.record(Self.tensor(health.balance.value))
    stake.record(Self.tensor(health.stake.value))
    reputation.record(Self.tensor(health.reputation.value))
    if let slash = health.slash {
      slashed.record(Self.tensor(slash.amount.value))
      slashBlock.record(Int64(clamping: slash.block))
    }
    if let change = health.reputationChange {
      reputationChange.record(Self.tensor(change.after.value) - Self.tensor(change.before.value))
      reputationBlock.record(Int64(clamping: change.block))
    }
    for alarm in NodeHealth.Alarm.allCases { self.alarm(alarm, alarms.contains(alarm)) }
  }

  /// - Parameter offset: seconds by which this machine's clock is ahead of the chain's.
  func clock(_ offset: Double, isWrong: Bool) {
    clockOffset.record(offset)
    alarm(.wrongClock, isWrong)
  }

  private func alarm(_ alarm: NodeHealth.Alarm, _ isOn: Bool) {
    Gauge(label: "validator_alarm", dimensions: [("alarm", alarm.rawValue)]).record(isOn ? 1 : 0)
  }

  func missed(_ duty: Duty, _ reason: MissReason) {
    Counter(
      label: "validator_duties_missed_total", dimensions: [("duty", duty.rawValue), ("reason", reason.rawValue)]
    ).increment()
  }

  func ended(_ duty: Duty, _ state: DutyProgress.State) {
    Counter(
      label: "validator_duties_total", dimensions: [("duty", duty.rawValue), ("state", state.name)]
    ).increment()
  }

  func scored(_ epoch: UInt32) { Gauge(label: "validator_scored_epoch").record(Int64(epoch)) }

  /// For display only.
  private static func tensor(_ amount: UInt128) -> Double { Double(amount) / 1e18 }
}
