/// What one subnet looks like after a block; everything is read from storage, which describes itself on
/// every generation of the chain.
public struct SubnetState: Sendable {
  public let state: BlockState
  public let subnetID: UInt32

  private var key: ScaleValue { .id(subnetID) }

  /// More nodes than a subnet may have on any known runtime (256).
  static let maximumNodes = 4096

  // MARK: The subnet

  /// The subnet; nil if the chain has none with this id.
  public func subnet() async throws -> Subnet? {
    guard let data = try await state.stored("Network", "SubnetsData", key) else { return nil }
    async let owner = state.stored("Network", "SubnetOwner", key)
    async let slot = slot()
    async let minimum = number("SubnetMinStakeBalance", as: Planck.self)
    async let maximum = number("SubnetMaxStakeBalance", as: Planck.self)
    async let reputation = number("SubnetReputation", as: FixedU128.self)
    let stateName = try data.field("state").enumeration().name
    guard let subnetState = Subnet.State(rawValue: stateName) else {
      throw ScaleError(.unknownType, "the subnet state \(stateName)")
    }
    return Subnet(
      id: try data.field("id").integer(),
      friendlyID: try data.field("friendly_id").friendlyID(),
      name: Subnet.printable(try data.field("name").byteArray()),
      repo: Subnet.printable(try data.field("repo").byteArray()), state: subnetState,
      startEpoch: try data.field("start_epoch").integer(), slot: try await slot,
      owner: try await owner?.account(), minimumStake: try await minimum, maximumStake: try await maximum,
      reputation: try await reputation)
  }

  /// The block of the general epoch at which this subnet's epochs start; nil until it is active.
  public func slot() async throws -> UInt32? {
    try await state.stored("Network", "SubnetSlot", key)?.integer()
  }

  /// The subnet's clock, from its slot and the chain's epoch length; nil until it is active.
  public func clock() async throws -> SubnetClock? {
    guard let slot = try await slot() else { return nil }
    let length: UInt64 = try await state.constant("Network", "EpochLength").integer()
    guard let clock = SubnetClock(epochLength: length, slot: UInt64(slot)) else {
      throw ChainError(.malformed, "the chain says that an epoch has \(length) blocks")
    }
    return clock
  }

  // MARK: Nodes

  /// All nodes by id, those in the queue included.
  public func nodes() async throws -> [SubnetNode] {
    var nodes: [SubnetNode] = []
    for item in ["SubnetNodesData", "RegisteredSubnetNodesData"] {
      for try await entry in try await state.entries("Network", item, key, limit: Self.maximumNodes) {
        nodes.append(try SubnetNode(entry.value))
      }
    }
    return nodes.sorted { $0.id < $1.id }
  }

  /// A node, in the subnet or in its queue; nil if there is none with that id.
  public func node(_ id: UInt32) async throws -> SubnetNode? {
    for item in ["SubnetNodesData", "RegisteredSubnetNodesData"] {
      if let value = try await state.stored("Network", item, key, .id(id)) { return try SubnetNode(value) }
    }
    return nil
  }

  /// The node whose main, bootnode or client peer id this is.
  public func nodeID(peerID: String) async throws -> UInt32? {
    for item in ["PeerIdSubnetNodeId", "BootnodePeerIdSubnetNodeId", "ClientPeerIdSubnetNodeId"] {
      if let id = try await state.stored("Network", item, key, .bytes(Array(peerID.utf8))) { return try id.integer() }
    }
    return nil
  }

  /// The node that signs with this hotkey.
  ///
  /// In generation C a hotkey belongs to a validator, which may own several nodes: the lowest id is given.
  public func nodeID(hotkey: AccountID) async throws -> UInt32? {
    let metadata = try await state.metadata()
    if (try? metadata.storage("Network", "HotkeySubnetNodeId")) != nil {
      return try await state.stored("Network", "HotkeySubnetNodeId", key, .account(hotkey))?.integer()
    }
    guard let validator = try await state.stored("Network", "HotkeyValidatorId", .account(hotkey)) else { return nil }
    let validatorID: UInt32 = try validator.integer()
    return try await nodes().first { $0.validatorID == validatorID }?.id
  }

  /// What a node signs with: its own hotkey, else that of its validator.
  public func hotkey(of node: SubnetNode) async throws -> AccountID? {
    if let hotkey = node.hotkey { return hotkey }
    if let own = try await state.stored("Network", "SubnetNodeIdHotkey", key, .id(node.id)) {
      return try own.account()
    }
    guard let validator = node.validatorID else { return nil }
    return try await state.stored("Network", "ValidatorIdHotkey", .id(validator))?.account()
  }

  /// The account that owns a node's stake.
  public func coldkey(of node: SubnetNode) async throws -> AccountID? {
    if let hotkey = node.hotkey {
      return try await state.stored("Network", "HotkeyOwner", .account(hotkey))?.account()
    }
    guard let validator = node.validatorID else { return nil }
    return try await state.stored("Network", "ValidatorColdkey", .id(validator))?.account()
  }

  /// A node's stake.
  public func stake(of node: SubnetNode) async throws -> Planck {
    if let hotkey = node.hotkey {
      return try await state.value("Network", "AccountSubnetStake", .account(hotkey), key).map(Planck.init) ?? 0
    }
    return try await state.value("Network", "NodeSubnetStake", .id(node.id), key).map(Planck.init) ?? 0
  }

  /// A node's reputation.
  public func reputation(of node: UInt32) async throws -> FixedU128 {
    try await state.value("Network", "SubnetNodeReputation", key, .id(node)).map(FixedU128.init) ?? 0
  }

  // MARK: Consensus

  /// The node that has to propose in a subnet epoch; nil if none was elected.
  public func electedValidator(epoch: UInt32) async throws -> UInt32? {
    try await state.stored("Network", "SubnetElectedValidator", key, .id(epoch))?.integer()
  }

  /// The proposal of a subnet epoch with its attestations; nil while there is none.
  public func submission(epoch: UInt32) async throws -> ConsensusSubmission? {
    try await state.stored("Network", "SubnetConsensusSubmission", key, .id(epoch)).map(ConsensusSubmission.init)
  }

  /// The nodes that may be elected.
  public func electionSlots() async throws -> [UInt32] {
    try await state.value("Network", "SubnetNodeElectionSlots", key)?.map { v throws(ScaleError) in
      try v.integer()
    } ?? []
  }

  /// The nodes that alone may be elected and attest while an emergency set is in force; nil without one.
  public func emergencyValidators() async throws -> [UInt32]? {
    guard let data = try await state.stored("Network", "EmergencySubnetNodeElectionData", key) else { return nil }
    return try data.field("subnet_node_ids").map { v throws(ScaleError) in try v.integer() }
  }

  // MARK: Bootnodes

  /// The subnet's official bootnodes; generation A names them by address only.
  public func bootnodes() async throws -> [Bootnode] {
    try await state.value("Network", "SubnetBootnodes", key)?.map { v throws(ScaleError) in
      guard case .tuple(let pair) = v, pair.count == 2 else {
        return Bootnode(peerID: nil, multiaddr: try v.byteArray())
      }
      return Bootnode(peerID: try pair[0].peerID(), multiaddr: try pair[1].byteArray())
    } ?? []
  }

  public struct Bootnode: Sendable, Hashable {
    public let peerID: String?
    public let multiaddr: [UInt8]
  }

  private func number<Number: WideNumber>(_ item: String, as: Number.Type) async throws -> Number {
    try await state.value("Network", item, key).map(Number.init) ?? 0
  }
}

extension ScaleValue {
  /// A number that some generations wrap in an option.
  fileprivate func friendlyID() throws(ScaleError) -> UInt32? {
    if case .option(let wrapped) = self { return try wrapped?.integer() }
    return try integer()
  }
}

extension BlockState {
  /// A subnet as it is after this block.
  public func subnet(_ id: UInt32) -> SubnetState { SubnetState(state: self, subnetID: id) }

  /// The ids of all subnets, ascending.
  public func subnetIDs() async throws -> [UInt32] {
    var ids: [UInt32] = []
    for try await entry in try await entries("Network", "SubnetsData", limit: SubnetState.maximumNodes) {
      ids.append(try entry.value.field("id").integer())
    }
    return ids.sorted()
  }

  /// An account's money and nonce.
  public func account(_ account: AccountID) async throws -> AccountState {
    try AccountState(try await value("System", "Account", .account(account)) ?? .unit)
  }

  /// The limits and ratios that judge proposals on this chain.
  public func consensusParameters() async throws -> ConsensusParameters {
    try await ConsensusParameters(self)
  }
}
