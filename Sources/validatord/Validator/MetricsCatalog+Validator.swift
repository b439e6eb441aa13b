extension MetricsCatalog {
  static let validator: [Metric] = [
    Metric("validator_duties_total", .counter, ["duty", "state"], "Duties on chain that came to their end."),
    Metric("validator_duties_missed_total", .counter, ["duty", "reason"], "Duties that were not done, and why."),
    Metric("validator_observations_total", .counter, ["verdict", "reason"], "Calls to hosters, by how they ended."),
    Metric("validator_challenge_seconds", .histogram, "How long it took to call all hosters of an epoch."),
    Metric("validator_scored_epoch", .gauge, "The newest epoch that has scores."),
    Metric("validator_hotkey_balance_tensor", .gauge, "What the account that signs can spend."),
    Metric("validator_stake_tensor", .gauge, "The stake of the own node."),
    Metric("validator_slash_tensor", .gauge, "What the newest slash took from the stake of the own node."),
    Metric("validator_slash_block", .gauge, "The block of the newest slash of the own node."),
    Metric("validator_reputation_ratio", .gauge, "The reputation of the own node; 1 is the best."),
    Metric(
      "validator_reputation_change_ratio", .gauge,
      "The newest change of the own node's reputation; negative if it fell."),
    Metric("validator_reputation_change_block", .gauge, "The block of that change."),
    Metric(
      "validator_clock_offset_seconds", .gauge,
      "How far this machine's clock is ahead of the chain's at the last look; peers refuse the calls of one that is a "
        + "minute off."),
    Metric(
      "validator_alarm", .gauge, ["alarm"], "1 while the own node needs somebody; docs/validator.md explains each."),
  ]
}
