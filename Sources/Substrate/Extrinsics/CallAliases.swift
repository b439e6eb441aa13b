/// What the calls that this library makes are called in the runtimes that are known.
///
/// The names of the library are those of generation B; where another generation renamed a call or an
/// argument, its names stand here. Whatever a runtime declares beyond that is refused, by name.
/// Source: spec/chain.md §7 and §11.
enum CallAliases {
  struct Entry {
    /// Other names of the call, newest last.
    var calls: [String] = []
    /// Other names of its arguments.
    var arguments: [String: [String]] = [:]
  }

  static let table: [CallName: Entry] = [
    CallName("Network", "attest"): Entry(arguments: ["attest_data": ["data"]]),
    CallName("Network", "add_stake"): Entry(calls: ["add_node_stake"]),
    CallName("Network", "remove_stake"): Entry(calls: ["remove_node_stake"]),
    CallName("Network", "update_peer_info"): Entry(
      calls: ["update_peer_id", "update_node_peer_info"]),
    CallName("Network", "update_bootnode_peer_info"): Entry(
      calls: ["update_bootnode_peer_id", "update_node_bootnode_peer_info"]),
    CallName("Network", "update_client_peer_info"): Entry(
      calls: ["update_client_peer_id", "update_node_client_peer_info"]),
    CallName("Network", "update_unique"): Entry(calls: ["update_node_unique"]),
    CallName("Network", "update_non_unique"): Entry(calls: ["update_node_non_unique"]),
    CallName("Network", "update_hotkey"): Entry(calls: ["update_node_hotkey"]),
    CallName("Network", "update_node_delegate_reward_rate"): Entry(
      calls: ["update_validator_delegate_reward_rate"]),
    CallName("Network", "update_delegate_account"): Entry(calls: ["update_validator_delegate_account"]),
    CallName("Network", "add_to_delegate_stake"): Entry(calls: ["add_delegate_stake"]),
  ]
}
