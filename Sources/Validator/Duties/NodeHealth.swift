public import Substrate

/// What the own node has to lose, and how near it is to losing it.
public struct NodeHealth: Sendable, Hashable {
  /// What an operator should look at.
  public enum Alarm: String, Sendable, Hashable, CaseIterable {
    /// The hotkey's account may soon be unable to pay for a call.
    case lowBalance = "low-balance"
    /// One slash would end the node's proof of stake.
    case lowStake = "low-stake"
    /// The stake fell since the last look: a slash, or the owner took some.
    case lostStake = "lost-stake"
    case lowReputation = "low-reputation"
    /// The configured hotkey is not the one that the chain has for the node.
    case foreignHotkey = "foreign-hotkey"
  }

  public let block: UInt64
  public let balance: Planck
  public let stake: Planck
  public let minimumStake: Planck
  /// Out of 10^18.
  public let reputation: FixedU128
  public let isOwnHotkey: Bool

  public init(
    block: UInt64, balance: Planck, stake: Planck, minimumStake: Planck, reputation: FixedU128, isOwnHotkey: Bool
  ) {
    self.block = block
    self.balance = balance
    self.stake = stake
    self.minimumStake = minimumStake
    self.reputation = reputation
    self.isOwnHotkey = isOwnHotkey
  }

  /// - Parameter last: the look before this one.
  public func alarms(since last: NodeHealth?) -> [Alarm] {
    var alarms: [Alarm] = []
    if balance < DutySettings.balanceAlarm { alarms.append(.lowBalance) }
    if stake.value < minimumStake.value.addingClamped(DutySettings.stakeReserve.value) { alarms.append(.lowStake) }
    if let last, stake < last.stake { alarms.append(.lostStake) }
    if reputation < DutySettings.reputationAlarm { alarms.append(.lowReputation) }
    if !isOwnHotkey { alarms.append(.foreignHotkey) }
    return alarms
  }
}

extension UInt128 {
  fileprivate func addingClamped(_ other: UInt128) -> UInt128 {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? .max : sum
  }
}

extension LiveSubnet {
  /// Looks at the own node at the best block.
  func health(of node: SubnetNode, minimumStake: Planck, account: AccountID) async throws -> NodeHealth {
    let state = try await client.best()
    let subnet = state.subnet(identity.subnetID)
    async let balance = state.account(account).spendable
    async let stake = subnet.stake(of: node)
    async let reputation = subnet.reputation(of: node.id)
    async let hotkey = subnet.hotkey(of: node)
    return NodeHealth(
      block: state.number, balance: try await balance, stake: try await stake, minimumStake: minimumStake,
      reputation: try await reputation, isOwnHotkey: try await hotkey == account)
  }
}
