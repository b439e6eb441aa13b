/// The header of a block.
public struct BlockHeader: Sendable, Hashable {
  public let parent: BlockHash
  public let number: UInt64
  public let stateRoot: [UInt8]
  public let extrinsicsRoot: [UInt8]
  /// The digest items as they are encoded: seals, pre-runtime and consensus messages.
  public let digest: [[UInt8]]

  /// More digest items than any block has.
  static let maximumDigestItems = 64

  public init(
    parent: BlockHash, number: UInt64, stateRoot: [UInt8], extrinsicsRoot: [UInt8], digest: [[UInt8]]
  ) {
    self.parent = parent
    self.number = number
    self.stateRoot = stateRoot
    self.extrinsicsRoot = extrinsicsRoot
    self.digest = digest
  }

  /// Reads the header of `chain_getHeader` and of the head subscriptions.
  public init(json: JSONValue) throws {
    guard let parent = json["parentHash"]?.stringValue.flatMap(BlockHash.init(hex:)),
      let number = json["number"]?.hexNumber.flatMap(UInt64.init(exactly:)),
      let stateRoot = json["stateRoot"]?.hexBytes, stateRoot.count == 32,
      let extrinsicsRoot = json["extrinsicsRoot"]?.hexBytes, extrinsicsRoot.count == 32,
      let logs = json["digest"]?["logs"]?.arrayValue, logs.count <= Self.maximumDigestItems
    else { throw ChainError(.malformed, "an endpoint sent a block header that can't be read") }
    self.parent = parent
    self.number = number
    self.stateRoot = stateRoot
    self.extrinsicsRoot = extrinsicsRoot
    digest = try logs.map { log in
      guard let bytes = log.hexBytes else { throw ChainError(.malformed, "a digest item is not hex") }
      return bytes
    }
  }

  public var encoded: [UInt8] {
    var writer = ScaleWriter(reserving: 128)
    writer.write(raw: parent.bytes)
    writer.write(compact: UInt128(number))
    writer.write(raw: stateRoot)
    writer.write(raw: extrinsicsRoot)
    writer.write(digest) { $1.write(raw: $0) }
    return writer.bytes
  }

  /// The block's hash, computed rather than believed.
  public var hash: BlockHash {
    BlockHash(Blake2b.hash256(encoded)) ?? parent
  }

  public var reference: BlockReference { BlockReference(number: number, hash: hash) }
}
