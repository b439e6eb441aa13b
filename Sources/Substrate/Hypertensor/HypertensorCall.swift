/// A call of the chain that this library knows how to fill, for every generation.
///
/// `call.make(metadata)` finds the runtime's own spelling and refuses a runtime that wants something else.
/// Source: spec/chain.md §7.
public struct HypertensorCall: Sendable, Hashable {
  public let name: CallName
  public let arguments: [CallArgument]

  public init(_ name: CallName, _ arguments: [CallArgument]) {
    self.name = name
    self.arguments = arguments
  }

  private init(_ call: String, _ arguments: [CallArgument]) {
    self.init(CallName("Network", call), arguments)
  }

  public func make(_ metadata: RuntimeMetadata) throws -> RuntimeCall {
    try metadata.makeCall(name, arguments)
  }

  /// The names that the runtime may use for these calls, for a signer's list.
  public static func names(_ calls: [String]) -> Set<CallName> {
    Set(
      calls.flatMap { call in
        let name = CallName("Network", call)
        return [name] + (CallAliases.table[name]?.calls ?? []).map { CallName("Network", $0) }
      })
  }

  /// All that a hotkey has to sign in normal service.
  public static let consensusDuties = names(["propose_attestation", "attest"])
}

/// Consensus, signed by a hotkey.
extension HypertensorCall {
  /// Proposes the scores of the epoch before.
  ///
  /// - Parameters:
  ///   - node: the proposer; sent only where the runtime wants it (generation C).
  ///   - scores: each node once; they are sent in ascending order of their ids.
  /// - Throws: ``ExtrinsicError`` `malformed-call` for a node that is named twice: the chain would count its
  ///   score twice in the sum and cut everybody's pay (spec/chain.md §10).
  public static func proposeAttestation(
    subnet: UInt32, node: UInt32, scores: [ConsensusSubmission.Score], prioritizeQueueNode: UInt32? = nil,
    removeQueueNode: UInt32? = nil, arguments: [UInt8]? = nil, attestData: [UInt8]? = nil
  ) throws(ExtrinsicError) -> HypertensorCall {
    let scores = scores.sorted { $0.subnetNodeID < $1.subnetNodeID }
    if let repeated = zip(scores, scores.dropFirst()).first(where: { $0.subnetNodeID == $1.subnetNodeID })?.0 {
      throw ExtrinsicError(.malformedCall, "the scores name the subnet node \(repeated.subnetNodeID) twice")
    }
    let data = scores.map { score in
      ScaleValue.fields([
        .init("subnet_node_id", .id(score.subnetNodeID)), .init("score", score.score.scaleValue),
      ])
    }
    return HypertensorCall(
      "propose_attestation",
      [
        CallArgument("subnet_id", .id(subnet)), CallArgument("subnet_node_id", .id(node), .ifDeclared),
        CallArgument("data", .sequence(data)),
        CallArgument("prioritize_queue_node_id", .option(prioritizeQueueNode.map(ScaleValue.id))),
        CallArgument("remove_queue_node_id", .option(removeQueueNode.map(ScaleValue.id))),
        CallArgument("args", .optionalBytes(arguments)), CallArgument("attest_data", .optionalBytes(attestData)),
      ])
  }

  /// Agrees with the proposal that is in a block.
  public static func attest(subnet: UInt32, node: UInt32, data: [UInt8]? = nil) -> HypertensorCall {
    HypertensorCall(
      "attest",
      [
        CallArgument("subnet_id", .id(subnet)), CallArgument("subnet_node_id", .id(node), .ifDeclared),
        CallArgument("attest_data", .optionalBytes(data)),
      ])
  }
}

/// Nodes and stake, signed by a coldkey.
extension HypertensorCall {
  /// What a node is registered with.
  public struct NodeRegistration: Sendable, Hashable {
    public var hotkey: AccountID
    /// Generation C: the validator that owns the node.
    public var validatorID: UInt32?
    public var peer: PeerInfo
    public var bootnodePeer: PeerInfo?
    public var clientPeer: PeerInfo?
    public var delegateRewardRate: FixedU128
    public var stake: Planck
    public var unique: [UInt8]?
    public var nonUnique: [UInt8]?
    /// Who gets part of the rewards, and how much of them.
    public var delegate: Delegate?
    /// The most that may be burned for the registration.
    public var maximumBurn: Planck

    public struct Delegate: Sendable, Hashable {
      public let account: AccountID
      public let rate: FixedU128

      public init(account: AccountID, rate: FixedU128) {
        self.account = account
        self.rate = rate
      }
    }

    public init(hotkey: AccountID, peer: PeerInfo, stake: Planck, maximumBurn: Planck) {
      self.hotkey = hotkey
      self.peer = peer
      self.stake = stake
      self.maximumBurn = maximumBurn
      delegateRewardRate = 0
    }
  }

  public static func registerSubnetNode(subnet: UInt32, _ node: NodeRegistration) -> HypertensorCall {
    let delegate = node.delegate.map { delegate in
      ScaleValue.fields([.init("account_id", .account(delegate.account)), .init("rate", delegate.rate.scaleValue)])
    }
    var arguments = [
      CallArgument("subnet_id", .id(subnet)), CallArgument("hotkey", .account(node.hotkey)),
      CallArgument("delegate_reward_rate", node.delegateRewardRate.scaleValue, .ifDeclared),
      CallArgument("stake_to_be_added", node.stake.scaleValue),
      CallArgument("unique", .optionalBytes(node.unique)), CallArgument("non_unique", .optionalBytes(node.nonUnique)),
      CallArgument("delegate_account", .option(delegate), delegate == nil ? .ifDeclared : .required),
      CallArgument("max_burn_amount", node.maximumBurn.scaleValue),
      // Generation B and C name a peer with its address, generation A the bare id.
      CallArgument("peer_info", node.peer.value, .oneOf("peer")),
      CallArgument("bootnode_peer_info", .option(node.bootnodePeer?.value), .ifDeclared),
      CallArgument("client_peer_info", .option(node.clientPeer?.value), .ifDeclared),
      CallArgument("peer_id", .utf8(node.peer.peerID), .oneOf("peer")),
    ]
    if let validator = node.validatorID { arguments.append(CallArgument("validator_id", .id(validator), .ifDeclared)) }
    if let bootnode = node.bootnodePeer {
      arguments.append(CallArgument("bootnode_peer_id", .utf8(bootnode.peerID), .ifDeclared))
      arguments.append(CallArgument("bootnode", .optionalBytes(bootnode.multiaddr), .ifDeclared))
    }
    if let client = node.clientPeer {
      arguments.append(CallArgument("client_peer_id", .utf8(client.peerID), .ifDeclared))
    }
    return HypertensorCall("register_subnet_node", arguments)
  }

  /// Generation C: makes the signer a validator.
  public static func registerValidator(hotkey: AccountID, delegateRewardRate: FixedU128) -> HypertensorCall {
    HypertensorCall(
      "register_validator",
      [
        CallArgument("hotkey", .account(hotkey)), CallArgument("delegate_reward_rate", delegateRewardRate.scaleValue),
        CallArgument("delegate_account", .option(nil)), CallArgument("identity", .option(nil)),
      ])
  }

  public static func removeSubnetNode(subnet: UInt32, node: UInt32) -> HypertensorCall {
    HypertensorCall(
      "remove_subnet_node", [CallArgument("subnet_id", .id(subnet)), CallArgument("subnet_node_id", .id(node))])
  }

  public static func addStake(subnet: UInt32, node: UInt32, hotkey: AccountID, amount: Planck) -> HypertensorCall {
    HypertensorCall(
      "add_stake",
      [
        CallArgument("subnet_id", .id(subnet)), CallArgument("subnet_node_id", .id(node)),
        CallArgument("hotkey", .account(hotkey), .ifDeclared), CallArgument("stake_to_be_added", amount.scaleValue),
      ])
  }

  public static func removeStake(subnet: UInt32, node: UInt32, hotkey: AccountID, amount: Planck) -> HypertensorCall {
    HypertensorCall(
      "remove_stake",
      [
        CallArgument("subnet_id", .id(subnet)), CallArgument("subnet_node_id", .id(node), .oneOf("node")),
        CallArgument("hotkey", .account(hotkey), .oneOf("node")),
        CallArgument("stake_to_be_removed", amount.scaleValue),
      ])
  }

  /// Takes out what has finished its cooldown.
  public static let claimUnbondings = HypertensorCall("claim_unbondings", [])

  public static func updatePeerInfo(subnet: UInt32, node: UInt32, _ peer: PeerInfo) -> HypertensorCall {
    update("update_peer_info", subnet, node, peer.value, old: peer)
  }

  public static func updateBootnodePeerInfo(subnet: UInt32, node: UInt32, _ peer: PeerInfo?) -> HypertensorCall {
    update("update_bootnode_peer_info", subnet, node, .option(peer?.value), old: peer)
  }

  public static func updateClientPeerInfo(subnet: UInt32, node: UInt32, _ peer: PeerInfo?) -> HypertensorCall {
    update("update_client_peer_info", subnet, node, .option(peer?.value), old: peer)
  }

  /// A new peer as a structure, or as the bare id that generation A has an argument of another name for.
  private static func update(
    _ call: String, _ subnet: UInt32, _ node: UInt32, _ value: ScaleValue, old peer: PeerInfo?
  ) -> HypertensorCall {
    var arguments = [
      CallArgument("subnet_id", .id(subnet)), CallArgument("subnet_node_id", .id(node)),
      CallArgument("new_peer_info", value, .oneOf("peer")),
    ]
    if let peer {
      for name in ["new_peer_id", "new_bootnode_peer_id", "new_client_peer_id"] {
        arguments.append(CallArgument(name, .utf8(peer.peerID), .oneOf("peer")))
      }
    }
    return HypertensorCall(call, arguments)
  }

  public static func updateUnique(subnet: UInt32, node: UInt32, _ value: [UInt8]?) -> HypertensorCall {
    HypertensorCall(
      "update_unique",
      [
        CallArgument("subnet_id", .id(subnet)), CallArgument("subnet_node_id", .id(node)),
        CallArgument("unique", .optionalBytes(value)),
      ])
  }

  public static func updateNonUnique(subnet: UInt32, node: UInt32, _ value: [UInt8]?) -> HypertensorCall {
    HypertensorCall(
      "update_non_unique",
      [
        CallArgument("subnet_id", .id(subnet)), CallArgument("subnet_node_id", .id(node)),
        CallArgument("non_unique", .optionalBytes(value)),
      ])
  }

  public static func updateHotkey(old: AccountID, new: AccountID) -> HypertensorCall {
    HypertensorCall(
      "update_hotkey", [CallArgument("old_hotkey", .account(old)), CallArgument("new_hotkey", .account(new))])
  }

  public static func updateColdkey(hotkey: AccountID, new: AccountID) -> HypertensorCall {
    HypertensorCall(
      "update_coldkey", [CallArgument("hotkey", .account(hotkey)), CallArgument("new_coldkey", .account(new))])
  }

  public static func updateDelegateRewardRate(subnet: UInt32, node: UInt32, rate: FixedU128) -> HypertensorCall {
    HypertensorCall(
      "update_node_delegate_reward_rate",
      [
        CallArgument("subnet_id", .id(subnet)), CallArgument("subnet_node_id", .id(node)),
        CallArgument("new_delegate_reward_rate", rate.scaleValue),
      ])
  }

  public static func addDelegateStake(subnet: UInt32, amount: Planck) -> HypertensorCall {
    HypertensorCall(
      "add_to_delegate_stake",
      [CallArgument("subnet_id", .id(subnet)), CallArgument("stake_to_be_added", amount.scaleValue)])
  }

  public static func removeDelegateStake(subnet: UInt32, shares: Planck) -> HypertensorCall {
    HypertensorCall(
      "remove_delegate_stake",
      [CallArgument("subnet_id", .id(subnet)), CallArgument("shares_to_be_removed", shares.scaleValue)])
  }

  public static func transfer(to account: AccountID, amount: Planck) -> HypertensorCall {
    HypertensorCall(
      CallName("Balances", "transfer_keep_alive"),
      [CallArgument("dest", .account(account)), CallArgument("value", amount.scaleValue)])
  }
}

extension ScaleValue {
  static func optionalBytes(_ bytes: [UInt8]?) -> ScaleValue { .option(bytes.map { .bytes($0) }) }

  /// Text as the bytes that the chain keeps; as ``text(_:)`` it could be taken for hex.
  static func utf8(_ text: String) -> ScaleValue { .bytes(Array(text.utf8)) }
}
