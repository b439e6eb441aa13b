import GRDB
import Substrate

/// Epochs at or below which nothing new is signed, for each node and duty.
///
/// Every signature raises its bound. Bounds outlive the duties' rows and travel between machines; of two the higher
/// one always counts.
public struct ProtectionBounds: Sendable, Hashable {
  public struct Entry: Sendable, Hashable {
    public let subnet: SubnetIdentity
    public let nodeID: UInt32
    public let duty: Duty
    /// Nothing is signed for this epoch or an earlier one, unless the stored bytes are sent again.
    public let epoch: UInt32

    public init(subnet: SubnetIdentity, nodeID: UInt32, duty: Duty, epoch: UInt32) {
      self.subnet = subnet
      self.nodeID = nodeID
      self.duty = duty
      self.epoch = epoch
    }
  }

  /// In the order of subnet, node and duty.
  public let entries: [Entry]

  /// Of several entries for one duty of one node the highest counts.
  public init(_ entries: [Entry]) {
    struct Place: Hashable {
      let subnet: SubnetIdentity
      let nodeID: UInt32
      let duty: Duty
    }
    let highest = Dictionary(
      entries.map { (Place(subnet: $0.subnet, nodeID: $0.nodeID, duty: $0.duty), $0.epoch) }, uniquingKeysWith: max)
    self.entries = highest.map {
      Entry(subnet: $0.key.subnet, nodeID: $0.key.nodeID, duty: $0.key.duty, epoch: $0.value)
    }.sorted { Self.order($0).lexicographicallyPrecedes(Self.order($1)) }
  }

  private static func order(_ entry: Entry) -> [String] {
    // Numbers of one length compare like text.
    let numbers = [entry.subnet.subnetID, entry.nodeID].map { String($0, radix: 16) }
      .map { String(repeating: "0", count: 8 - $0.count) + $0 }
    return [entry.subnet.genesisHash.description] + numbers + [entry.duty.rawValue]
  }

  static func read(_ database: Database) throws -> ProtectionBounds {
    ProtectionBounds(
      try Row.fetchAll(database, sql: "SELECT * FROM bounds").map { row in
        Entry(
          subnet: SubnetIdentity(genesisHash: try row.hash("genesis_hash"), subnetID: try row.number("subnet_id")),
          nodeID: try row.number("node_id"), duty: try row.choice("duty"), epoch: try row.number("epoch"))
      })
  }

  /// - Throws: ``ProtectionError`` `protection.hold` or `protection.bound`.
  static func demandRoom(_ database: Database, _ key: DutyKey) throws {
    if let hold = try Row.fetchOne(database, sql: "SELECT kind, detail FROM holds") {
      let kind: ProtectionHold.Kind = try hold.choice("kind")
      throw ProtectionError(.hold, "signing is on hold: \(try hold.text("detail"))", remedy: kind.remedy)
    }
    let bound = try Int64.fetchOne(
      database,
      sql: "SELECT epoch FROM bounds WHERE genesis_hash = ? AND subnet_id = ? AND node_id = ? AND duty = ?",
      arguments: [key.genesisHash.data, Int64(key.subnetID), Int64(key.nodeID), key.duty.rawValue])
    if let bound, Int64(key.epoch) <= bound {
      throw ProtectionError(.bound, "\(key): epoch \(bound) and those before are closed to new signatures")
    }
  }

  static func raise(_ database: Database, _ key: DutyKey) throws {
    try raise(database, [Entry(subnet: key.subnet, nodeID: key.nodeID, duty: key.duty, epoch: key.epoch)])
  }

  static func raise(_ database: Database, _ entries: [Entry]) throws {
    for entry in entries {
      try database.run(
        """
        INSERT INTO bounds VALUES (?, ?, ?, ?, ?)
        ON CONFLICT DO UPDATE SET epoch = excluded.epoch WHERE excluded.epoch > epoch
        """,
        [
          entry.subnet.genesisHash.data, Int64(entry.subnet.subnetID), Int64(entry.nodeID), entry.duty.rawValue,
          Int64(entry.epoch),
        ])
    }
  }
}

extension SubmissionJournal {
  /// All bounds, for another machine.
  public func bounds() async throws -> ProtectionBounds { try await store.read(ProtectionBounds.read) }

  /// Takes in bounds from elsewhere; of each the higher one is kept.
  public func raise(_ bounds: ProtectionBounds) async throws {
    try await store.write { try ProtectionBounds.raise($0, bounds.entries) }
  }
}
