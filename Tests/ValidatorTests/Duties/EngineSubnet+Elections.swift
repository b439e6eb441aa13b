import Substrate

@testable import DevChain

/// Elections that are not left to chance.
extension EngineSubnet {
  /// From the next epoch on, nobody but this node is elected.
  func elect(_ node: UInt32) async throws {
    try await set(Network.items.subnetNodeElectionSlots(Self.subnetID).key, [node].encoded)
  }

  /// This node is elected in an epoch, whatever the chain does in its first block.
  func elect(_ node: UInt32, in epoch: UInt32) async throws {
    try await set(Network.items.subnetElectedValidator(Self.subnetID, epoch).key, node.encoded)
  }
}
