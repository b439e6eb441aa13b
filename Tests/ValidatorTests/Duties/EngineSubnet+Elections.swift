import Substrate

@testable import DevChain

/// Elections that are not left to chance.
extension EngineSubnet {
  /// From the next epoch on, nobody but this node is elected.
  func elect(_ node: UInt32) async throws {
    let key = Network.items.subnetNodeElectionSlots(Self.subnetID).key
    let changes: JSONValue = .object([Hex.encode(key): .string(Hex.encode([node].encoded))])
    _ = try await client.rpc.call("dev_setStorage", [changes], timeout: nil)
  }
}
