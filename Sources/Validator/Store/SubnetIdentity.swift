public import Substrate

/// One subnet of one chain. Only the genesis hash tells Hypertensor's networks apart.
public struct SubnetIdentity: Sendable, Hashable {
  public let genesisHash: BlockHash
  public let subnetID: UInt32

  public init(genesisHash: BlockHash, subnetID: UInt32) {
    self.genesisHash = genesisHash
    self.subnetID = subnetID
  }
}
