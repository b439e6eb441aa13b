/// Whose stake an event may have changed.
enum StakeTouch: Sendable, Hashable {
  /// The node with that id in the subnet.
  case node(UInt32)
  /// The node that signs, or signed, with that hotkey.
  case hotkey(AccountID)
  /// Anybody in the subnet.
  case everybody

  /// What the events of one block touch in a subnet. Events of other subnets touch nothing.
  static func touches(_ events: [EventRecord], subnet: UInt32) -> Set<StakeTouch> {
    Set(events.compactMap { touch($0, subnet: subnet) })
  }

  /// Changes of limits and of lists that are not about one node. An overwatch node that comes or leaves by
  /// itself makes no event; that is noticed when the remembered answer runs out.
  static let broad: Set<String> = [
    "SubnetDeactivated", "BootnodesUpdated", "SubnetMinMaxStakeBalanceUpdate", "SetSubnetStakesLimits",
    "SetMinStakeBalance", "SetNetworkMinStakeBalance", "CollectiveRemoveOverwatchNode", "OverwatchNodeBlacklist",
  ]

  private static func touch(_ event: EventRecord, subnet: UInt32) -> StakeTouch? {
    if event.isEvent("System", "CodeUpdated") { return .everybody }
    guard event.pallet == "Network" else { return nil }
    let content = event.content
    if let subnetID = content.field(ifPresent: "subnet_id") {
      guard (try? subnetID.integer(as: UInt32.self)) == subnet else { return nil }
    }
    if broad.contains(event.name) { return .everybody }
    if let node = content.field(ifPresent: "subnet_node_id"), content.field(ifPresent: "subnet_id") != nil,
      let id = try? node.integer(as: UInt32.self)
    {
      // An attestation shows life and changes nothing.
      return event.name == "Attestation" ? nil : .node(id)
    }
    switch event.name {
    case "Slashing": return (try? content.field("account_id").account()).map { .hotkey($0) } ?? .everybody
    case "StakeAdded", "StakeRemoved": return stakeChange(content, subnet: subnet)
    case "UpdateHotkey", "UpdateColdkey": return .everybody
    case "CollectiveRemoveSubnetNode":
      guard let parts = try? content.elements(), parts.count == 2, let id = try? parts[1].integer(as: UInt32.self)
      else { return .everybody }
      return (try? parts[0].integer(as: UInt32.self)) == subnet ? .node(id) : nil
    default: return nil
    }
  }

  /// (subnet, coldkey, hotkey, amount).
  private static func stakeChange(_ content: ScaleValue, subnet: UInt32) -> StakeTouch? {
    guard let parts = try? content.elements(), parts.count == 4 else { return .everybody }
    guard (try? parts[0].integer(as: UInt32.self)) == subnet else { return nil }
    return (try? parts[2].account()).map { .hotkey($0) } ?? .everybody
  }
}
