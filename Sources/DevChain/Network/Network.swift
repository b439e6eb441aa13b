import Substrate

/// Subnets, their nodes, stake, and consensus: the pallet that validators and hosters live by.
///
/// The rules and the numbers of calls, events and errors are those of generation B (spec/chain.md). What no validator
/// or hoster touches is left out: swaps of stake, stake behind single nodes, identities, the settings that the
/// collective makes.
enum Network {
  static let index: UInt8 = 23
  static let items = NetworkItems()
  static let events = NetworkEvents()
  /// Where registrations of subnets and a part of the emission go.
  static let treasury = AccountID(hash: Array("modlpy/trsry".utf8) + [UInt8](repeating: 0, count: 8))

  static let pallet = Pallet(
    name: "Network", index: index, storage: Pallet.storage(of: items), calls: calls,
    events: Pallet.events(of: events),
    errors: NetworkError.allCases.map { ($0.rawValue, $0.name) },
    constants: [
      .init("EpochLength") { $0.epochLength },
      .init("EpochsPerYear") { $0.epochsPerYear },
      .init("TreasuryAccount") { _ in treasury },
      .init("DesignatedEpochSlots") { _ in RuntimeParameters.designatedEpochSlots },
    ])

  private static let calls: [CallDeclaration] = subnetCalls + nodeCalls + stakeCalls + overwatchCalls

  private static let subnetCalls = [
    CallDeclaration(0, "register_subnet", ["max_cost", "subnet_data"], registerSubnet),
    CallDeclaration(1, "activate_subnet", ["subnet_id"], activateSubnet),
    CallDeclaration(2, "owner_pause_subnet", ["subnet_id"], ownerPauseSubnet),
    CallDeclaration(3, "owner_unpause_subnet", ["subnet_id"], ownerUnpauseSubnet),
    CallDeclaration(4, "owner_deactivate_subnet", ["subnet_id"], ownerDeactivateSubnet),
    CallDeclaration(
      25, "owner_set_emergency_validator_set", ["subnet_id", "subnet_node_ids"], ownerSetEmergencyValidatorSet),
    CallDeclaration(26, "owner_revert_emergency_validator_set", ["subnet_id"], ownerRevertEmergencyValidatorSet),
    CallDeclaration(27, "owner_update_min_max_stake", ["subnet_id", "min", "max"], ownerUpdateMinMaxStake),
    CallDeclaration(30, "transfer_subnet_ownership", ["subnet_id", "new_owner"], transferSubnetOwnership),
    CallDeclaration(31, "accept_subnet_ownership", ["subnet_id"], acceptSubnetOwnership),
    CallDeclaration(37, "update_bootnodes", ["subnet_id", "add", "remove"], updateBootnodes),
    CallDeclaration(77, "pause", [], pause),
    CallDeclaration(78, "unpause", [], unpause),
  ]

  private static let nodeCalls = [
    CallDeclaration(
      38, "register_subnet_node",
      [
        "subnet_id", "hotkey", "peer_info", "bootnode_peer_info", "client_peer_info", "delegate_reward_rate",
        "stake_to_be_added", "unique", "non_unique", "delegate_account", "max_burn_amount",
      ], registerSubnetNode),
    CallDeclaration(39, "remove_subnet_node", ["subnet_id", "subnet_node_id"], removeSubnetNode),
    CallDeclaration(40, "update_peer_info", ["subnet_id", "subnet_node_id", "new_peer_info"], updatePeerInfo),
    CallDeclaration(
      41, "update_delegate_account", ["subnet_id", "subnet_node_id", "delegate_account_id", "delegate_rate"],
      updateDelegateAccount),
    CallDeclaration(
      42, "update_bootnode_peer_info", ["subnet_id", "subnet_node_id", "new_peer_info"], updateBootnodePeerInfo),
    CallDeclaration(
      43, "update_client_peer_info", ["subnet_id", "subnet_node_id", "new_peer_info"], updateClientPeerInfo),
    CallDeclaration(
      44, "update_node_delegate_reward_rate", ["subnet_id", "subnet_node_id", "new_delegate_reward_rate"],
      updateNodeDelegateRewardRate),
    CallDeclaration(45, "update_unique", ["subnet_id", "subnet_node_id", "unique"], updateUnique),
    CallDeclaration(46, "update_non_unique", ["subnet_id", "subnet_node_id", "non_unique"], updateNonUnique),
    CallDeclaration(
      65, "propose_attestation",
      ["subnet_id", "data", "prioritize_queue_node_id", "remove_queue_node_id", "args", "attest_data"],
      proposeAttestation),
    CallDeclaration(66, "attest", ["subnet_id", "attest_data"], attest),
  ]

  private static let stakeCalls = [
    CallDeclaration(47, "add_stake", ["subnet_id", "subnet_node_id", "hotkey", "stake_to_be_added"], addStake),
    CallDeclaration(48, "remove_stake", ["subnet_id", "hotkey", "stake_to_be_removed"], removeStake),
    CallDeclaration(49, "claim_unbondings", [], claimUnbondings),
    CallDeclaration(50, "add_to_delegate_stake", ["subnet_id", "stake_to_be_added"], addToDelegateStake),
    CallDeclaration(53, "remove_delegate_stake", ["subnet_id", "shares_to_be_removed"], removeDelegateStake),
    CallDeclaration(67, "update_coldkey", ["hotkey", "new_coldkey"], updateColdkey),
    CallDeclaration(68, "update_hotkey", ["old_hotkey", "new_hotkey"], updateHotkey),
    CallDeclaration(164, "remove_delegate_balance", ["amount_to_remove"], removeDelegateBalance),
  ]

  private static let overwatchCalls = [
    CallDeclaration(69, "register_overwatch_node", ["hotkey", "stake_to_be_added"], registerOverwatchNode),
    CallDeclaration(70, "remove_overwatch_node", ["overwatch_node_id"], removeOverwatchNode),
    CallDeclaration(
      72, "set_overwatch_node_peer_id", ["subnet_id", "overwatch_node_id", "peer_id"], setOverwatchNodePeerID),
    CallDeclaration(
      73, "commit_overwatch_subnet_weights", ["overwatch_node_id", "commit_weights"], commitOverwatchSubnetWeights),
    CallDeclaration(
      74, "reveal_overwatch_subnet_weights", ["overwatch_node_id", "reveals"], revealOverwatchSubnetWeights),
  ]
}
