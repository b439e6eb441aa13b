import Logging
public import Substrate

/// What the own node has to lose, and how near it is to losing it.
public struct NodeHealth: Sendable, Hashable {
  /// What an operator should look at.
  public enum Alarm: String, Sendable, Hashable, CaseIterable {
    /// The hotkey's account may soon be unable to pay for a call.
    case lowBalance = "low-balance"
    /// One slash would end the node's proof of stake.
    case lowStake = "low-stake"
    /// The chain took stake from the node when this epoch began.
    case slashed
    /// The stake fell since the last look without a word of the chain: the owner took some, or the runtime does not tell
    /// of slashes, as those of generation C.
    case lostStake = "lost-stake"
    case lowReputation = "low-reputation"
    /// The chain lowered the node's reputation when this epoch began.
    case lostReputation = "lost-reputation"
    /// The configured hotkey is not the one that the chain has for the node.
    case foreignHotkey = "foreign-hotkey"
    /// This machine's clock is so far off that peers refuse its calls.
    case wrongClock = "wrong-clock"
  }

  /// What the chain took from the stake for a proposal that too few attested to.
  public struct Slash: Sendable, Hashable {
    public let amount: Planck
    public let block: UInt64

    public init(_ amount: Planck, block: UInt64) {
      self.amount = amount
      self.block = block
    }
  }

  /// How the chain changed the reputation in one block.
  public struct ReputationChange: Sendable, Hashable {
    /// Out of 10^18, as ``after``.
    public let before: FixedU128
    public let after: FixedU128
    public let block: UInt64

    public init(from before: FixedU128, to after: FixedU128, block: UInt64) {
      (self.before, self.after, self.block) = (before, after, block)
    }

    /// From the first to the last of a block's events about a node; nil if there is none.
    public init?(of node: UInt32, in subnet: UInt32, _ events: [EventRecord], block: UInt64) {
      let changes = events.compactMap { $0.reputationChange(of: node, in: subnet) }
      guard let first = changes.first, let last = changes.last else { return nil }
      self.init(from: first.before, to: last.after, block: block)
    }
  }

  public let block: UInt64
  public let balance: Planck
  public let stake: Planck
  public let minimumStake: Planck
  /// The most that the chain takes for one proposal.
  public let maximumSlash: Planck
  /// Out of 10^18.
  public let reputation: FixedU128
  public let isOwnHotkey: Bool
  /// In the first block of the epoch, which judges the one before; nil if there was none.
  public let slash: Slash?
  /// In the same block; nil if it did not change.
  public let reputationChange: ReputationChange?
  /// Seconds by which this machine's clock is ahead of the chain's; nil if that can't be told. Newer than the rest.
  public internal(set) var clockOffset: Double?

  public init(
    block: UInt64, balance: Planck, stake: Planck, minimumStake: Planck, maximumSlash: Planck, reputation: FixedU128,
    isOwnHotkey: Bool, slash: Slash? = nil, reputationChange: ReputationChange? = nil, clockOffset: Double? = nil
  ) {
    self.block = block
    self.balance = balance
    self.stake = stake
    self.minimumStake = minimumStake
    self.maximumSlash = maximumSlash
    self.reputation = reputation
    self.isOwnHotkey = isOwnHotkey
    self.slash = slash
    self.reputationChange = reputationChange
    self.clockOffset = clockOffset
  }

  /// - Parameter last: the look before this one.
  public func alarms(since last: NodeHealth?) -> [Alarm] {
    var alarms: [Alarm] = []
    if balance < DutySettings.balanceAlarm { alarms.append(.lowBalance) }
    if stake < minimumStake.saturatingAdding(DutySettings.stakeReserve(maximumSlash)) { alarms.append(.lowStake) }
    if slash != nil { alarms.append(.slashed) }
    if let last, slash == nil, stake < last.stake { alarms.append(.lostStake) }
    if reputation < DutySettings.reputationAlarm { alarms.append(.lowReputation) }
    if let reputationChange, reputationChange.after < reputationChange.before { alarms.append(.lostReputation) }
    if !isOwnHotkey { alarms.append(.foreignHotkey) }
    if let clockOffset, ClockWatch.Grade(clockOffset) == .wrong { alarms.append(.wrongClock) }
    return alarms
  }
}

extension NodeHealth {
  /// What stands beside an alarm in the log.
  func particulars(of alarm: Alarm) -> Logger.Metadata {
    switch alarm {
    case .lowBalance: ["balance": "\(balance.tensor)"]
    case .lowStake, .lostStake: ["stake": "\(stake.tensor)", "minimum": "\(minimumStake.tensor)"]
    case .slashed:
      ["stake": "\(stake.tensor)"].merging(
        slash.map { ["slashed": "\($0.amount.tensor)", "block": "\($0.block)"] } ?? [:]
      ) { $1 }
    case .lowReputation: ["reputation": "\(reputation.percent)"]
    case .lostReputation:
      reputationChange.map { ["changed": "\($0.before.percent) to \($0.after.percent)", "block": "\($0.block)"] } ?? [:]
    case .foreignHotkey: [:]
    case .wrongClock: clockOffset.map { ["clock": "\($0.rounded()) s"] } ?? [:]
    }
  }
}

extension LiveSubnet {
  /// Looks at the own node at the best block.
  ///
  /// - Parameter judged: the first block of the epoch, in which the chain judges the proposal of the one before.
  func health(
    of node: SubnetNode, minimumStake: Planck, account: AccountID, judged: UInt64
  ) async throws -> NodeHealth {
    let state = try await client.best()
    let subnet = state.subnet(identity.subnetID)
    async let balance = state.account(account).spendable
    async let stake = subnet.stake(of: node)
    async let reputation = subnet.reputation(of: node.id)
    async let parameters = state.consensusParameters()
    let hotkey = try await subnet.hotkey(of: node)
    // An endpoint that has forgotten the block can't tell; all else is still worth looking at.
    let events = (try? await client.at(number: judged).events()) ?? []
    let slash = hotkey.flatMap { hotkey in
      events.lazy.compactMap { $0.slash(of: hotkey, in: self.identity.subnetID) }.last
    }
    return NodeHealth(
      block: state.number, balance: try await balance, stake: try await stake, minimumStake: minimumStake,
      maximumSlash: try await parameters.maximumSlash, reputation: try await reputation, isOwnHotkey: hotkey == account,
      slash: slash.map { NodeHealth.Slash($0, block: judged) },
      reputationChange: NodeHealth.ReputationChange(of: node.id, in: identity.subnetID, events, block: judged))
  }
}

extension EventRecord {
  /// How much this event took from a hotkey's stake in a subnet; nil if it is about something else (spec/chain.md §9).
  public func slash(of hotkey: AccountID, in subnet: UInt32) -> Planck? {
    guard isEvent("Network", "Slashing"), (try? content.field("subnet_id").integer(as: UInt32.self)) == subnet,
      (try? content.field("account_id").byteArray()) == hotkey.bytes,
      let amount = try? content.field("amount").integer(as: UInt128.self)
    else { return nil }
    return Planck(amount)
  }

  /// What this event says that a node's reputation was and is; nil if it is about something else (spec/chain.md §9).
  public func reputationChange(of node: UInt32, in subnet: UInt32) -> (before: FixedU128, after: FixedU128)? {
    guard isEvent("Network", "NodeReputationUpdate"),
      (try? content.field("subnet_id").integer(as: UInt32.self)) == subnet,
      (try? content.field("subnet_node_id").integer(as: UInt32.self)) == node,
      let before = try? content.field("prev_reputation").integer(as: UInt128.self),
      let after = try? content.field("new_reputation").integer(as: UInt128.self)
    else { return nil }
    return (FixedU128(before), FixedU128(after))
  }
}
