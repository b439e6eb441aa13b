/// What the runtime APIs behind `network_*` return, by generation.
///
/// These results are opaque bytes to the metadata, so their layouts stand here; A and B are held to
/// answers of the real runtimes, C is taken from the chain's source. Source: spec/chain.md §4.
enum NetworkLayouts {
  /// The types that are decoded.
  static let roots = [
    "Option<SubnetInfo>", "Vec<SubnetInfo>", "Option<SubnetNodeInfo>", "Vec<SubnetNodeInfo>", "AllSubnetBootnodes",
    "Vec<DelegateStakeInfo>", "Vec<NodeDelegateStakeInfo>", "Vec<(u32,H256)>", "Vec<(u32,u128)>",
  ]

  private static let common = """
    SubnetState = Registered | Active | Paused
    SubnetNodeClass = Registered | Idle | Included | Validator
    SubnetNodeClassification { node_class: SubnetNodeClass, start_epoch: u32 }
    Reputation { start_epoch: u32, score: u128, lifetime_node_count: u32, total_active_nodes: u32, \
      total_increases: u32, total_decreases: u32, average_attestation: u128, last_validator_epoch: u32, \
      ow_score: u128 }
    IdentityData { name: Bytes, url: Bytes, image: Bytes, discord: Bytes, x: Bytes, telegram: Bytes, \
      github: Bytes, hugging_face: Bytes, description: Bytes, misc: Bytes }
    DelegateStakeInfo { subnet_id: u32, shares: u128, balance: u128 }
    NodeDelegateStakeInfo { subnet_id: u32, subnet_node_id: u32, shares: u128, balance: u128 }
    """

  private static let generationA = """
    SubnetNodeStakeInfo { subnet_id: Option<u32>, subnet_node_id: Option<u32>, hotkey: AccountId20, \
      balance: u128 }
    KeyType = Rsa | Ed25519 | Secp256k1 | Ecdsa
    SubnetInfo { id: u32, friendly_id: Option<u32>, name: Bytes, repo: Bytes, description: Bytes, \
      misc: Bytes, state: SubnetState, start_epoch: u32, churn_limit: u32, churn_limit_multiplier: u32, \
      min_stake: u128, max_stake: u128, queue_immunity_epochs: u32, \
      target_node_registrations_per_epoch: u32, node_registrations_this_epoch: u32, \
      subnet_node_queue_epochs: u32, idle_classification_epochs: u32, \
      included_classification_epochs: u32, delegate_stake_percentage: u128, \
      last_delegate_stake_rewards_update: u32, node_burn_rate_alpha: u128, \
      current_node_burn_rate: u128, initial_coldkeys: Option<Map<AccountId20,u32>>, \
      initial_coldkey_data: Option<Map<AccountId20,u32>>, max_registered_nodes: u32, \
      owner: Option<AccountId20>, pending_owner: Option<AccountId20>, registration_epoch: Option<u32>, \
      prev_pause_epoch: u32, key_types: Set<KeyType>, slot_index: Option<u32>, \
      slot_assignment: Option<u32>, subnet_node_min_weight_decrease_reputation_threshold: u128, \
      reputation: u128, min_subnet_node_reputation: u128, absent_decrease_reputation_factor: u128, \
      included_increase_reputation_factor: u128, below_min_weight_decrease_reputation_factor: u128, \
      non_attestor_decrease_reputation_factor: u128, \
      non_consensus_attestor_decrease_reputation_factor: u128, \
      validator_absent_subnet_node_reputation_factor: u128, \
      validator_non_consensus_subnet_node_reputation_factor: u128, bootnode_access: Set<AccountId20>, \
      bootnodes: Set<Bytes>, total_nodes: u32, total_active_nodes: u32, total_electable_nodes: u32, \
      current_min_delegate_stake: u128, total_subnet_stake: u128, \
      total_subnet_delegate_stake_shares: u128, total_subnet_delegate_stake_balance: u128 }
    SubnetNodeInfo { subnet_id: u32, subnet_node_id: u32, coldkey: AccountId20, hotkey: AccountId20, \
      peer_id: Bytes, bootnode_peer_id: Bytes, client_peer_id: Bytes, bootnode: Option<Bytes>, \
      identity: IdentityData, classification: SubnetNodeClassification, delegate_reward_rate: u128, \
      last_delegate_reward_rate_update: u32, unique: Option<Bytes>, non_unique: Option<Bytes>, \
      stake_balance: u128, total_node_delegate_stake_shares: u128, node_delegate_stake_balance: u128, \
      coldkey_reputation: Reputation, subnet_node_reputation: u128, node_slot_index: Option<u32>, \
      consecutive_idle_epochs: u32, consecutive_included_epochs: u32 }
    AllSubnetBootnodes { bootnodes: Set<Bytes>, node_bootnodes: Set<Bytes> }
    """

  private static let generationB = """
    SubnetNodeStakeInfo { subnet_id: Option<u32>, subnet_node_id: Option<u32>, hotkey: AccountId20, \
      balance: u128 }
    PeerInfo { peer_id: Bytes, multiaddr: Option<Bytes> }
    DelegateAccount { account_id: AccountId20, rate: u128 }
    SubnetInfo { id: u32, friendly_id: Option<u32>, name: Bytes, repo: Bytes, description: Bytes, \
      misc: Bytes, state: SubnetState, start_epoch: u32, churn_limit: u32, churn_limit_multiplier: u32, \
      min_stake: u128, max_stake: u128, queue_immunity_epochs: u32, \
      target_node_registrations_per_epoch: u32, node_registrations_this_epoch: u32, \
      subnet_node_queue_epochs: u32, idle_classification_epochs: u32, \
      included_classification_epochs: u32, delegate_stake_percentage: u128, \
      last_delegate_stake_rewards_update: u32, node_burn_rate_alpha: u128, \
      current_node_burn_rate: u128, initial_coldkeys: Option<Map<AccountId20,u32>>, \
      initial_coldkey_data: Option<Map<AccountId20,u32>>, max_registered_nodes: u32, \
      owner: Option<AccountId20>, pending_owner: Option<AccountId20>, registration_epoch: Option<u32>, \
      prev_pause_epoch: u32, slot_index: Option<u32>, slot_assignment: Option<u32>, \
      subnet_node_min_weight_decrease_reputation_threshold: u128, reputation: u128, \
      min_subnet_node_reputation: u128, absent_decrease_reputation_factor: u128, \
      included_increase_reputation_factor: u128, below_min_weight_decrease_reputation_factor: u128, \
      non_attestor_decrease_reputation_factor: u128, \
      non_consensus_attestor_decrease_reputation_factor: u128, \
      validator_absent_subnet_node_reputation_factor: u128, \
      validator_non_consensus_subnet_node_reputation_factor: u128, bootnode_access: Set<AccountId20>, \
      bootnodes: Map<Bytes,Bytes>, total_nodes: u32, total_active_nodes: u32, \
      total_electable_nodes: u32, current_min_delegate_stake: u128, total_subnet_stake: u128, \
      total_subnet_delegate_stake_shares: u128, total_subnet_delegate_stake_balance: u128 }
    SubnetNodeInfo { subnet_id: u32, subnet_node_id: u32, coldkey: AccountId20, hotkey: AccountId20, \
      peer_info: PeerInfo, bootnode_peer_info: Option<PeerInfo>, client_peer_info: Option<PeerInfo>, \
      delegate_account: Option<DelegateAccount>, identity: IdentityData, \
      classification: SubnetNodeClassification, delegate_reward_rate: u128, \
      last_delegate_reward_rate_update: u32, unique: Option<Bytes>, non_unique: Option<Bytes>, \
      stake_balance: u128, total_node_delegate_stake_shares: u128, node_delegate_stake_balance: u128, \
      coldkey_reputation: Reputation, subnet_node_reputation: u128, node_slot_index: Option<u32>, \
      consecutive_idle_epochs: u32, consecutive_included_epochs: u32 }
    AllSubnetBootnodes { subnet_bootnodes: Map<Bytes,Bytes>, node_bootnodes: Map<Bytes,Option<Bytes>>, \
      registered_bootnodes: Map<Bytes,Option<Bytes>> }
    OverwatchNodeInfo { overwatch_node_id: u32, coldkey: AccountId20, hotkey: Option<AccountId20>, \
      peer_ids: Map<u32,Bytes>, reputation: Reputation, account_overwatch_stake: u128 }
    """

  private static let generationC = """
    PeerInfo { peer_id: Bytes, multiaddr: Option<Bytes> }
    DelegateAccount { account_id: AccountId20, rate: u128 }
    AllSubnetBootnodes { subnet_bootnodes: Map<Bytes,Bytes>, node_bootnodes: Map<Bytes,Option<Bytes>>, \
      registered_bootnodes: Map<Bytes,Option<Bytes>> }
    SubnetReputationFactors { absent_decrease: u128, included_increase: u128, \
      below_min_weight_decrease: u128, non_attestor_decrease: u128, \
      non_consensus_attestor_decrease: u128, validator_absent_decrease: u128, \
      validator_non_consensus_decrease: u128 }
    PendingSubnetReputationFactors { effective_subnet_epoch: u32, factors: SubnetReputationFactors }
    SubnetInfo { id: u32, friendly_id: Option<u32>, name: Bytes, repo: Bytes, description: Bytes, \
      misc: Bytes, state: SubnetState, start_epoch: u32, churn_limit: u32, churn_limit_multiplier: u32, \
      min_stake: u128, max_stake: u128, queue_immunity_epochs: u32, \
      target_node_registrations_per_epoch: u32, node_registrations_this_epoch: u32, \
      subnet_node_queue_epochs: u32, idle_classification_epochs: u32, \
      included_classification_epochs: u32, delegate_stake_percentage: u128, \
      last_delegate_stake_rewards_update: u32, node_burn_rate_alpha: u128, \
      current_node_burn_rate: u128, initial_validators: Option<Map<u32,u32>>, \
      initial_validator_data: Option<Map<u32,u32>>, max_registered_nodes: u32, \
      owner: Option<AccountId20>, pending_owner: Option<AccountId20>, registration_epoch: Option<u32>, \
      prev_pause_epoch: u32, slot_index: Option<u32>, slot_assignment: Option<u32>, \
      subnet_node_min_weight_decrease_reputation_threshold: u128, reputation: u128, \
      min_subnet_node_reputation: u128, absent_decrease_reputation_factor: u128, \
      included_increase_reputation_factor: u128, below_min_weight_decrease_reputation_factor: u128, \
      non_attestor_decrease_reputation_factor: u128, \
      non_consensus_attestor_decrease_reputation_factor: u128, \
      validator_absent_subnet_node_reputation_factor: u128, \
      validator_non_consensus_subnet_node_reputation_factor: u128, \
      pending_reputation_factors: Option<PendingSubnetReputationFactors>, \
      bootnode_access: Set<AccountId20>, bootnodes: Map<Bytes,Bytes>, total_nodes: u32, \
      total_active_nodes: u32, total_electable_nodes: u32, current_min_delegate_stake: u128, \
      total_subnet_stake: u128, total_subnet_delegate_stake_shares: u128, \
      total_subnet_delegate_stake_balance: u128 }
    SubnetNodeInfo { validator_id: Option<u32>, subnet_id: u32, subnet_node_id: u32, \
      coldkey: AccountId20, hotkey: AccountId20, peer_info: PeerInfo, \
      bootnode_peer_info: Option<PeerInfo>, client_peer_info: Option<PeerInfo>, \
      classification: SubnetNodeClassification, unique: Option<Bytes>, non_unique: Option<Bytes>, \
      stake_balance: u128, subnet_node_reputation: Option<u128>, node_slot_index: Option<u32>, \
      consecutive_idle_epochs: u32, consecutive_included_epochs: u32 }
    NodeStakeInfo { subnet_id: Option<u32>, subnet_node_id: Option<u32>, balance: u128 }
    OverwatchNodeInfo { overwatch_node_id: u32, hotkey: Option<AccountId20>, peer_ids: Map<u32,Bytes>, \
      reputation: Reputation, account_overwatch_stake: u128 }
    """

  /// The layouts of a generation, built once.
  static func schema(_ generation: Generation) throws(ChainError) -> LayoutSchema {
    switch generation {
    case .a: try a.get()
    case .b: try b.get()
    case .c: try c.get()
    }
  }

  private static let a = make(generationA, and: ["Vec<SubnetNodeStakeInfo>"])
  private static let b = make(generationB, and: ["Vec<SubnetNodeStakeInfo>", "Vec<OverwatchNodeInfo>"])
  private static let c = make(generationC, and: ["Vec<NodeStakeInfo>", "Vec<OverwatchNodeInfo>"])

  private static func make(_ own: String, and more: [String]) -> Result<LayoutSchema, ChainError> {
    do { return .success(try LayoutSchema(common + "\n" + own, roots: roots + more)) } catch {
      return .failure(ChainError(.unsupported, "the layout of \(error.type) is not defined"))
    }
  }

  /// Decodes an answer whose bytes must be used up to the last one.
  static func decode(_ bytes: [UInt8], as type: String, _ generation: Generation) throws -> ScaleValue {
    let schema = try schema(generation)
    guard let id = schema.type(type) else {
      throw ChainError(.unsupported, "\(type) is not a result of generation \(generation.rawValue)")
    }
    return try at("generation \(generation.rawValue) \(type)") { () throws(ScaleError) in
      try schema.registry.decode(bytes, as: id)
    }
  }
}
