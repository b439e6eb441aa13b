public import Substrate

/// What a validator may sign for an epoch.
public enum Duty: String, Sendable, Hashable, CaseIterable, Codable {
  /// `propose_attestation`, of the elected node.
  case propose
  /// `attest`, of all others.
  case attest
}

/// One duty of one node in one epoch: what may be signed once, ever.
public struct DutyKey: Sendable, Hashable, CustomStringConvertible {
  public let genesisHash: BlockHash
  public let subnetID: UInt32
  public let nodeID: UInt32
  public let epoch: UInt32
  public let duty: Duty

  public init(_ subnet: SubnetIdentity, nodeID: UInt32, epoch: UInt32, duty: Duty) {
    genesisHash = subnet.genesisHash
    subnetID = subnet.subnetID
    self.nodeID = nodeID
    self.epoch = epoch
    self.duty = duty
  }

  public var subnet: SubnetIdentity { SubnetIdentity(genesisHash: genesisHash, subnetID: subnetID) }

  public var description: String { "\(duty.rawValue) of node \(nodeID) in epoch \(epoch) of subnet \(subnetID)" }
}
