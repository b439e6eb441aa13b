public import Substrate

/// Who states something about which epoch of which subnet: the front of every payload that is committed to.
public struct Statement: Sendable, Hashable {
  public let genesisHash: BlockHash
  public let subnetID: UInt32
  public let epoch: UInt32
  /// The node that makes the statement.
  public let subnetNodeID: UInt32

  public init(genesisHash: BlockHash, subnetID: UInt32, epoch: UInt32, subnetNodeID: UInt32) {
    self.genesisHash = genesisHash
    self.subnetID = subnetID
    self.epoch = epoch
    self.subnetNodeID = subnetNodeID
  }

  /// tag ‖ genesis hash (32) ‖ subnet id ‖ epoch ‖ subnet node id (u32 LE each).
  func header(_ tag: String) -> [UInt8] {
    Array(tag.utf8) + genesisHash.bytes + littleEndian(subnetID) + littleEndian(epoch) + littleEndian(subnetNodeID)
  }

  /// What a hoster commits to: "validatord/hoster-answer/1" as the tag of the header ‖ the answer's digest (32).
  public func payload(answer: Digest32) -> [UInt8] { header("validatord/hoster-answer/1") + answer.bytes }

  /// The digest in a hoster's payload.
  ///
  /// - Returns: nil unless it is this statement's.
  public func answer(in payload: [UInt8]) -> Digest32? {
    let header = header("validatord/hoster-answer/1")
    guard payload.count == header.count + 32, payload.starts(with: header) else { return nil }
    return Digest32(payload.dropFirst(header.count))
  }
}
