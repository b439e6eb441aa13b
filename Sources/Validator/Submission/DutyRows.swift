import Foundation
import GRDB
import Substrate

/// Reads and writes the journal's tables.
enum DutyRows {
  private static let columns = """
    SELECT duties.*, content_digest, extrinsic_hash, extrinsic, call, signer, nonce, expires_at, code_hash, signed_at
    FROM duties LEFT JOIN signatures ON signatures.duty = duties.id
    """

  static func find(_ database: Database, _ key: DutyKey) throws -> (id: Int64, record: DutyRecord)? {
    try Row.fetchOne(
      database,
      sql: columns + " WHERE genesis_hash = ? AND subnet_id = ? AND node_id = ? AND epoch = ? AND duties.duty = ?",
      arguments: arguments(key)
    ).map { (try $0.number("id"), try record($0)) }
  }

  static func all(_ database: Database, _ condition: String, _ arguments: StatementArguments = []) throws
    -> [DutyRecord]
  {
    try Row.fetchAll(database, sql: columns + " WHERE " + condition, arguments: arguments).map(record)
  }

  static func insert(_ database: Database, _ key: DutyKey) throws -> Int64 {
    try database.run(
      "INSERT INTO duties (genesis_hash, subnet_id, node_id, epoch, duty, state) VALUES (?, ?, ?, ?, ?, 'planned')",
      arguments(key))
    return database.lastInsertedRowID
  }

  static func insert(_ database: Database, _ id: Int64, _ signature: DutyRecord.Signature) throws {
    let extrinsic = signature.extrinsic
    try database.run(
      "INSERT INTO signatures VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      [
        id, signature.content.data, Data(extrinsic.hash), Data(extrinsic.bytes), extrinsic.call,
        Data(extrinsic.signer.bytes), Int64(extrinsic.nonce), extrinsic.expiresAt.map { column($0) },
        extrinsic.codeHash.map { Data($0) }, column(signature.signedAt),
      ])
  }

  static func update(_ database: Database, _ id: Int64, _ state: DutyProgress.State, _ detail: String?) throws {
    try database.run(
      "UPDATE duties SET state = ?, reason = ?, detail = ?, block = ?, block_hash = ? WHERE id = ?",
      [state.name, state.reason, detail, state.block.map { column($0.number) }, state.block?.hash.data, id])
  }

  static func note(
    _ database: Database, _ id: Int64, _ arrow: DutyProgress.Arrow, _ state: DutyProgress.State, _ block: UInt64,
    _ detail: String?
  ) throws {
    try database.run(
      """
      INSERT INTO journal (duty, step, arrow, state, block, detail, at_ms)
      VALUES (?1, (SELECT coalesce(max(step), 0) + 1 FROM journal WHERE duty = ?1), ?2, ?3, ?4, ?5, ?6)
      """,
      [id, arrow.rawValue, state.name, column(block), detail, WallClock.milliseconds])
  }

  static func history(_ database: Database, _ id: Int64) throws -> [JournalStep] {
    try Row.fetchAll(database, sql: "SELECT * FROM journal WHERE duty = ? ORDER BY step", arguments: [id]).map { row in
      JournalStep(
        arrow: try row.choice("arrow"), state: try row.text("state"), block: try row.number("block"),
        detail: try row.textIfAny("detail"), at: try row.number("at_ms"))
    }
  }

  private static func arguments(_ key: DutyKey) -> StatementArguments {
    [key.genesisHash.data, Int64(key.subnetID), Int64(key.nodeID), Int64(key.epoch), key.duty.rawValue]
  }

  private static func record(_ row: Row) throws -> DutyRecord {
    let subnet = SubnetIdentity(genesisHash: try row.hash("genesis_hash"), subnetID: try row.number("subnet_id"))
    return DutyRecord(
      key: DutyKey(
        subnet, nodeID: try row.number("node_id"), epoch: try row.number("epoch"), duty: try row.choice("duty")),
      progress: DutyProgress(try state(row)), signature: try signature(row), detail: try row.textIfAny("detail"))
  }

  private static func state(_ row: Row) throws -> DutyProgress.State {
    func block() throws -> BlockReference {
      BlockReference(number: try row.number("block"), hash: try row.hash("block_hash"))
    }
    return switch try row.text("state") {
    case "planned": .planned
    case "signed": .signed
    case "sent": .sent
    case "included": .included(try block())
    case "finalized": .finalized(try block())
    case "expired": .expired
    case "replaced": .replaced
    case "refused": .refused(try row.text("reason"))
    case "missed": .missed(try row.choice("reason"))
    default: throw StoreError(.damaged, "a duty has a state that does not exist")
    }
  }

  private static func signature(_ row: Row) throws -> DutyRecord.Signature? {
    guard let bytes = try row.bytesIfAny("extrinsic") else { return nil }
    let extrinsic = SignedExtrinsic(
      bytes: bytes, hash: try row.bytes("extrinsic_hash"), signer: try AccountID(bytes: try row.bytes("signer")),
      nonce: try row.number("nonce"), call: try row.text("call"), expiresAt: try row.numberIfAny("expires_at"),
      codeHash: try row.bytesIfAny("code_hash"))
    return DutyRecord.Signature(
      extrinsic: extrinsic, content: try row.digest("content_digest"), signedAt: try row.number("signed_at"))
  }
}
