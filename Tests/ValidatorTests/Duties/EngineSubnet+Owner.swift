import Substrate

@testable import DevChain

/// What the subnet's owner does, who is that of node 1. Each is in a block of its own.
extension EngineSubnet {
  func pauseSubnet(seenBy members: [Member]) async throws {
    // The recorded chain is younger than the time that has to lie between two pauses.
    try await set(Network.items.subnetPauseCooldownEpochs().key, UInt32(0).encoded)
    try await order("owner_pause_subnet", seenBy: members)
  }

  func unpauseSubnet(seenBy members: [Member]) async throws {
    try await order("owner_unpause_subnet", seenBy: members)
  }

  /// From the next election on these nodes alone are elected, and these alone may attest. Wants the subnet paused.
  func setEmergencyValidators(_ nodes: [UInt32], seenBy members: [Member]) async throws {
    let nodes = CallArgument("subnet_node_ids", .sequence(nodes.map { .unsigned(UInt128($0)) }))
    try await order("owner_set_emergency_validator_set", [nodes], seenBy: members)
  }

  func revertEmergencyValidators(seenBy members: [Member]) async throws {
    try await order("owner_revert_emergency_validator_set", seenBy: members)
  }

  private func order(_ name: String, _ arguments: [CallArgument] = [], seenBy members: [Member]) async throws {
    let id = CallArgument("subnet_id", .unsigned(UInt128(Self.subnetID)))
    try await submit(HypertensorCall(CallName("Network", name), [id] + arguments), asOwnerOf: 1)
    try await makeBlock(seenBy: members)
    let events = try await client.best().events()
    if let failure = events.first(where: { $0.pallet == "System" && $0.name == "ExtrinsicFailed" }) {
      throw EngineSubnetError.refused("\(name): \(failure.content.json)")
    }
  }
}
