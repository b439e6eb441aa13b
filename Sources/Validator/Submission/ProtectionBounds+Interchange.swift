public import Substrate

/// The file in which bounds go from one machine to another: JSON, described in docs/store.md.
extension ProtectionBounds {
  private static let format = "validatord-protection"
  private static let version = 1
  /// The most bytes of a file.
  public static let maximumFileSize = 4 << 20
  /// The most entries of a file.
  private static let maximumEntries = 10_000

  public var json: JSONValue {
    [
      "format": .string(Self.format), "version": JSONValue(Self.version),
      "bounds": .array(
        entries.map { entry in
          [
            "genesisHash": .string(entry.subnet.genesisHash.description), "subnetId": JSONValue(entry.subnet.subnetID),
            "nodeId": JSONValue(entry.nodeID), "duty": .string(entry.duty.rawValue), "epoch": JSONValue(entry.epoch),
          ]
        }),
    ]
  }

  /// Reads a file that somebody else may have written.
  ///
  /// - Throws: ``ProtectionError`` `protection.interchange` for anything that is not whole; nothing is guessed.
  public init(file bytes: [UInt8]) throws {
    guard bytes.count <= Self.maximumFileSize,
      let json = try? JSONValue(parsing: bytes, limits: JSONLimits(depth: 8, values: 1 << 20))
    else { throw Self.refusal("is no JSON, or longer than \(Self.maximumFileSize) bytes") }
    guard json["format"]?.stringValue == Self.format, json["version"]?.int64Value == Int64(Self.version) else {
      throw Self.refusal("is not of the format \(Self.format), version \(Self.version)")
    }
    guard let bounds = json["bounds"]?.arrayValue, bounds.count <= Self.maximumEntries else {
      throw Self.refusal("has no bounds, or more than \(Self.maximumEntries)")
    }
    self.init(try bounds.enumerated().map { try Self.entry($0.element, $0.offset) })
  }

  private static func entry(_ json: JSONValue, _ position: Int) throws -> Entry {
    func number(_ name: String) -> UInt32? { json[name]?.uint64Value.flatMap { UInt32(exactly: $0) } }
    guard let genesis = json["genesisHash"]?.stringValue.flatMap(BlockHash.init(hex:)),
      let subnet = number("subnetId"), let node = number("nodeId"), let epoch = number("epoch"),
      let duty = json["duty"]?.stringValue.flatMap(Duty.init(rawValue:))
    else { throw refusal("has an incomplete bound at place \(position)") }
    return Entry(
      subnet: SubnetIdentity(genesisHash: genesis, subnetID: subnet), nodeID: node, duty: duty, epoch: epoch)
  }

  private static func refusal(_ what: String) -> ProtectionError {
    ProtectionError(
      .interchange, "the protection file \(what)", remedy: "Export it again with `validatord protection export`.")
  }
}
