import GRDB

/// Why nothing is signed for the time being.
public struct ProtectionHold: Sendable, Hashable {
  public enum Kind: String, Sendable, Hashable, CaseIterable {
    /// The database was restored, and may have forgotten signatures.
    case restored
    /// The chain shows acts of the own hotkey that this journal does not know.
    case doppelganger

    var remedy: String {
      switch self {
      case .restored: "The validator lifts it itself once it has seen the chain; it signs from the next epoch on."
      case .doppelganger:
        "Stop every other validator with this hotkey, then run `validatord protection release`."
      }
    }
  }

  public let kind: Kind
  public let detail: String
  /// Milliseconds since 1970.
  public let since: Int64
}

/// What the chain shows of a node's own acts.
public struct ChainWitness: Sendable, Hashable {
  public let subnet: SubnetIdentity
  public let nodeID: UInt32
  /// The subnet epoch of the best block.
  public let currentEpoch: UInt32
  /// The newest epoch in which the node did each duty, by what the chain keeps.
  public let lastActs: [Duty: UInt32]

  public init(subnet: SubnetIdentity, nodeID: UInt32, currentEpoch: UInt32, lastActs: [Duty: UInt32] = [:]) {
    self.subnet = subnet
    self.nodeID = nodeID
    self.currentEpoch = currentEpoch
    self.lastActs = lastActs
  }

  /// Bounds that close the current epoch and everything that the chain shows as done.
  var bounds: [ProtectionBounds.Entry] {
    Duty.allCases.map { duty in
      ProtectionBounds.Entry(
        subnet: subnet, nodeID: nodeID, duty: duty, epoch: max(currentEpoch, lastActs[duty] ?? 0))
    }
  }
}

extension SubmissionJournal {
  public func holds() async throws -> [ProtectionHold] {
    try await store.read { database in
      try Row.fetchAll(database, sql: "SELECT * FROM holds ORDER BY kind").map {
        ProtectionHold(kind: try $0.choice("kind"), detail: try $0.text("detail"), since: try $0.number("since_ms"))
      }
    }
  }

  /// Stops all signing, also after a restart, until it is released.
  public func hold(_ kind: ProtectionHold.Kind, _ detail: String) async throws {
    let detail = detail.boundedDetail
    try await store.write { try Self.hold($0, kind, detail) }
  }

  static func hold(_ database: Database, _ kind: ProtectionHold.Kind, _ detail: String) throws {
    try database.run(
      "INSERT INTO holds VALUES (?, ?, ?) ON CONFLICT DO NOTHING", [kind.rawValue, detail, WallClock.milliseconds])
  }

  /// Lifts the hold of a restore: the bounds rise to what the chain shows, and to the current epoch, so that the first
  /// new signature is one of the next epoch. Does nothing if the database was not restored.
  public func settleRestore(_ witness: ChainWitness) async throws {
    try await store.write { database in
      try database.run("DELETE FROM holds WHERE kind = ?", [ProtectionHold.Kind.restored.rawValue])
      if database.changesCount > 0 { try ProtectionBounds.raise(database, witness.bounds) }
    }
  }

  /// Lifts the hold after another signer was seen; a person decides it. What that signer may have signed stays closed:
  /// with ``raise(_:)`` by its exported bounds, and by what the chain shows at the next start.
  public func releaseDoppelganger() async throws {
    try await store.write {
      try $0.run("DELETE FROM holds WHERE kind = ?", [ProtectionHold.Kind.doppelganger.rawValue])
    }
  }
}
