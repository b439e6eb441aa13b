/// What a method's name tells about repeating it.
enum RPCMethod {
  private static let readPrefixes = [
    "chain_", "chainSpec_", "state_", "childstate_", "network_", "payment_", "rpc_methods", "archive_v1_",
  ]
  private static let reads: Set<String> = [
    "author_hasKey", "author_pendingExtrinsics", "net_version", "eth_chainId", "eth_blockNumber",
    "system_accountNextIndex", "system_chain", "system_chainType", "system_dryRun", "system_health",
    "system_localListenAddresses", "system_localPeerId", "system_name", "system_nodeRoles",
    "system_peers", "system_properties", "system_syncState", "system_version",
  ]

  /// Whether asking twice is as good as asking once. Only methods known to read are; a submission is
  /// not, and neither is anything unknown.
  static func isRepeatable(_ method: String) -> Bool {
    reads.contains(method) || readPrefixes.contains(where: method.hasPrefix)
  }
}
