import Foundation
import GRDB
import Substrate

extension Store {
  /// Says which subnet the database is about; the first call decides.
  ///
  /// - Throws: ``StoreError`` `store.foreign` for another one.
  public func bind(to identity: SubnetIdentity) async throws {
    let path = path
    try await write { database in
      if let bound = try Self.identity(database) {
        guard bound == identity else {
          throw StoreError(
            .foreign,
            "\(path) is about subnet \(bound.subnetID) of the chain \(bound.genesisHash), not \(identity.subnetID) of \(identity.genesisHash)"
          )
        }
      } else {
        try database.run(
          "INSERT INTO identity VALUES (1, ?, ?)", [identity.genesisHash.data, Int64(identity.subnetID)])
      }
    }
  }

  /// The subnet that the database is about; nil before the first ``bind(to:)``.
  public func identity() async throws -> SubnetIdentity? { try await read(Self.identity) }

  static func identity(_ database: Database) throws -> SubnetIdentity? {
    try Row.fetchOne(database, sql: "SELECT * FROM identity").map {
      SubnetIdentity(genesisHash: try $0.hash("genesis_hash"), subnetID: try $0.number("subnet_id"))
    }
  }

  /// Opens an epoch with the nodes that have to be scored. Calling it again fills in what was not known before, and
  /// adds nodes; what is known does not change.
  public func open(_ epoch: EpochRecord, nodes: [EpochNode]) async throws {
    try await write { database in
      try database.run(
        """
        INSERT INTO epochs (epoch, first_block, epoch_length, first_block_hash, own_node, elected_node, opened_ms)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (epoch) DO UPDATE SET
          first_block_hash = coalesce(first_block_hash, excluded.first_block_hash),
          own_node = coalesce(own_node, excluded.own_node),
          elected_node = coalesce(excluded.elected_node, elected_node)
        """,
        [
          Int64(epoch.epoch), column(epoch.firstBlock), column(epoch.length), epoch.firstBlockHash?.data,
          epoch.ownNode.map { Int64($0) }, epoch.electedNode.map { Int64($0) }, WallClock.milliseconds,
        ])
      var peers = PeerRows(epoch: epoch.epoch)
      for node in nodes {
        try database.run(
          """
          INSERT INTO nodes (epoch, subnet_node_id, peer, hotkey, class, standing) VALUES (?, ?, ?, ?, ?, ?)
          ON CONFLICT DO NOTHING
          """,
          [
            Int64(epoch.epoch), Int64(node.subnetNodeID), try peers.id(of: node.peerID, database),
            node.hotkey.map { Data($0.bytes) }, node.nodeClass.description, node.standing.rawValue,
          ])
      }
    }
  }

  /// - Returns: nil for an epoch that this validator did not open.
  public func epoch(_ epoch: UInt32) async throws -> EpochRecord? {
    try await read { database in
      try Row.fetchOne(database, sql: "SELECT * FROM epochs WHERE epoch = ?", arguments: [Int64(epoch)]).map(Self.epoch)
    }
  }

  /// The newest epoch, or the newest with scores.
  public func latestEpoch(scored: Bool = false) async throws -> UInt32? {
    try await read { database in
      try Int64.fetchOne(database, sql: "SELECT max(epoch) FROM \(scored ? "scorings" : "epochs")")
        .map { UInt32(clamping: $0) }
    }
  }

  /// The nodes of an epoch by subnet node id.
  public func nodes(_ epoch: UInt32) async throws -> [EpochNode] { try await read { try Self.nodes($0, epoch) } }

  static func nodes(_ database: Database, _ epoch: UInt32) throws -> [EpochNode] {
    try Row.fetchAll(
      database,
      sql: """
        SELECT subnet_node_id, hotkey, class, standing, peers.peer_id FROM nodes JOIN peers ON peers.id = nodes.peer
        WHERE epoch = ? ORDER BY subnet_node_id
        """,
      arguments: [Int64(epoch)]
    ).map { row in
      EpochNode(
        subnetNodeID: try row.number("subnet_node_id"), peerID: try row.text("peer_id"),
        hotkey: try row.bytesIfAny("hotkey").map { try AccountID(bytes: $0) },
        nodeClass: NodeClass(name: try row.text("class")) ?? .registered, standing: try row.choice("standing"))
    }
  }

  /// Keeps a tensor before anybody is asked it.
  public func record(_ probe: ProbeTensor, epoch: UInt32) async throws {
    try await write { database in
      try database.run(
        "INSERT INTO tensors (epoch, probe, source, dtype, shape, digest, bytes) VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
          Int64(epoch), Int64(probe.probe), probe.source.rawValue, probe.tensor.type.rawValue, probe.tensor.shapeText,
          probe.digest.data, Data(probe.tensor.bytes),
        ])
    }
  }

  /// What the hosters of an epoch were asked, in order.
  public func probes(_ epoch: UInt32) async throws -> [ProbeTensor] {
    try await read { database in
      try Row.fetchAll(
        database, sql: "SELECT * FROM tensors WHERE epoch = ? ORDER BY probe", arguments: [Int64(epoch)]
      ).map { row in
        ProbeTensor(
          probe: try row.number("probe"), source: try row.choice("source"),
          tensor: try row.answer(bytes: try row.bytes("bytes")))
      }
    }
  }

  private static func epoch(_ row: Row) throws -> EpochRecord {
    EpochRecord(
      epoch: try row.number("epoch"), firstBlock: try row.number("first_block"),
      length: try row.number("epoch_length"), firstBlockHash: try row.hashIfAny("first_block_hash"),
      ownNode: try row.numberIfAny("own_node"), electedNode: try row.numberIfAny("elected_node"))
  }
}

/// The numbers of peers, looked up once in a transaction.
struct PeerRows {
  let epoch: UInt32
  private var known: [String: Int64] = [:]

  init(epoch: UInt32) { self.epoch = epoch }

  mutating func id(of peer: String, _ database: Database) throws -> Int64 {
    if let id = known[peer] { return id }
    let statement = try database.cachedStatement(
      sql: """
        INSERT INTO peers (peer_id, first_epoch, last_epoch) VALUES (?1, ?2, ?2)
        ON CONFLICT (peer_id) DO UPDATE SET last_epoch = max(last_epoch, excluded.last_epoch)
        RETURNING id
        """)
    guard let id = try Int64.fetchOne(statement, arguments: [peer, Int64(epoch)]) else {
      throw StoreError(.failed, "a peer has no number")
    }
    known[peer] = id
    return id
  }
}
