import Foundation
import GRDB

/// Who commits: hosters to their answers, validators to their verdicts.
public enum CommitmentRole: String, Sendable, Hashable, CaseIterable {
  case hoster, validator
}

/// An own promise and how far it is kept.
public struct OwnCommitment: Sendable, Hashable {
  public let epoch: UInt32
  public let role: CommitmentRole
  public let commitment: Commitment
  /// The block at which the digest was published; nil before.
  public let committedAt: UInt64?
  /// The block at which it was opened; nil before.
  public let revealedAt: UInt64?
}

/// What another node revealed, after it was found to open its commit.
public struct OpenedReveal: Sendable, Hashable {
  public let subnetNodeID: UInt32
  public let payload: [UInt8]
}

extension Store {
  /// Keeps an own promise before it is published, so that a restart can still open it.
  ///
  /// - Returns: the promise that counts: the one that is kept already, if there is one.
  public func promise(_ commitment: Commitment, epoch: UInt32, role: CommitmentRole) async throws -> OwnCommitment {
    try await write { try Self.promise($0, commitment, epoch, role).kept }
  }

  /// Keeps an own promise to an answer, and the answer with it: both or none.
  ///
  /// - Returns: the promise that counts: the one that is kept already, if there is one, with its own answer.
  public func promise(
    _ commitment: Commitment, to answer: Answer, epoch: UInt32, role: CommitmentRole
  ) async throws -> OwnCommitment {
    try await write { database in
      let (kept, isNew) = try Self.promise(database, commitment, epoch, role)
      if isNew {
        try database.run(
          "INSERT INTO own_answers (epoch, role, dtype, shape, bytes) VALUES (?, ?, ?, ?, ?)",
          [Int64(epoch), role.rawValue, answer.type.rawValue, answer.shapeText, Data(answer.bytes)])
      }
      return kept
    }
  }

  /// Keeps a promise unless there is one.
  ///
  /// - Returns: the one that counts, and whether it is this one.
  private static func promise(
    _ database: Database, _ commitment: Commitment, _ epoch: UInt32, _ role: CommitmentRole
  ) throws -> (kept: OwnCommitment, isNew: Bool) {
    try database.run(
      "INSERT INTO own_commits (epoch, role, salt, digest, payload) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
      [
        Int64(epoch), role.rawValue, Data(commitment.salt), commitment.digest.data, Data(commitment.payload),
      ])
    let isNew = database.changesCount > 0
    guard let kept = try ownCommitment(database, epoch, role) else {
      throw StoreError(.failed, "a promise of epoch \(epoch) was not kept")
    }
    return (kept, isNew)
  }

  /// The answer that an own promise is about; nil if there is none, or it was promised without.
  public func ownAnswer(_ epoch: UInt32, role: CommitmentRole) async throws -> Answer? {
    try await read { database in
      let row = try Row.fetchOne(
        database, sql: "SELECT dtype, shape, bytes FROM own_answers WHERE epoch = ? AND role = ?",
        arguments: [Int64(epoch), role.rawValue])
      return try row.map { try $0.answer(bytes: try $0.bytes("bytes")) }
    }
  }

  /// The own promise of an epoch, if there is one.
  public func ownCommitment(_ epoch: UInt32, role: CommitmentRole) async throws -> OwnCommitment? {
    try await read { try Self.ownCommitment($0, epoch, role) }
  }

  /// Notes that an own promise was published, or opened, at a block. The first block stays.
  public func markOwnCommitment(
    _ epoch: UInt32, role: CommitmentRole, committedAt: UInt64? = nil, revealedAt: UInt64? = nil
  ) async throws {
    try await write { database in
      try database.run(
        """
        UPDATE own_commits SET committed_at = coalesce(committed_at, ?), revealed_at = coalesce(revealed_at, ?)
        WHERE epoch = ? AND role = ?
        """,
        [committedAt.map { column($0) }, revealedAt.map { column($0) }, Int64(epoch), role.rawValue])
    }
  }

  /// Keeps the first commit that another node published in an epoch; later ones don't count.
  public func recordCommit(
    epoch: UInt32, role: CommitmentRole, subnetNodeID: UInt32, digest: Digest32, block: UInt64
  ) async throws {
    try await write { database in
      try database.run(
        """
        INSERT INTO seen_commits (epoch, role, subnet_node_id, digest, committed_at) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT DO NOTHING
        """,
        [Int64(epoch), role.rawValue, Int64(subnetNodeID), digest.data, column(block)])
    }
  }

  /// Keeps what another node revealed, and whether it opens its commit. The first reveal counts.
  ///
  /// - Returns: nil if it had not committed, else whether the reveal opens the commit.
  public func recordReveal(
    epoch: UInt32, role: CommitmentRole, subnetNodeID: UInt32, reveal: Commitment, block: UInt64
  ) async throws -> Bool? {
    try await write { database in
      let arguments: StatementArguments = [Int64(epoch), role.rawValue, Int64(subnetNodeID)]
      let query = "SELECT digest, opens FROM seen_commits WHERE epoch = ? AND role = ? AND subnet_node_id = ?"
      guard let row = try Row.fetchOne(database, sql: query, arguments: arguments) else { return nil }
      if let first: Int = try row.numberIfAny("opens") { return first == 1 }
      let opens = reveal.opens(try row.digest("digest"))
      try database.run(
        """
        UPDATE seen_commits SET salt = ?, payload = ?, revealed_at = ?, opens = ?
        WHERE epoch = ? AND role = ? AND subnet_node_id = ?
        """,
        [Data(reveal.salt), Data(reveal.payload), column(block), opens ? 1 : 0] + arguments)
      return opens
    }
  }

  /// The reveals of an epoch that open their commits, by subnet node id.
  public func openedReveals(_ epoch: UInt32, role: CommitmentRole) async throws -> [OpenedReveal] {
    try await read { database in
      try Row.fetchAll(
        database,
        sql: """
          SELECT subnet_node_id, payload FROM seen_commits WHERE epoch = ? AND role = ? AND opens = 1
          ORDER BY subnet_node_id
          """,
        arguments: [Int64(epoch), role.rawValue]
      ).map { OpenedReveal(subnetNodeID: try $0.number("subnet_node_id"), payload: try $0.bytes("payload")) }
    }
  }

  private static func ownCommitment(
    _ database: Database, _ epoch: UInt32, _ role: CommitmentRole
  ) throws -> OwnCommitment? {
    let row = try Row.fetchOne(
      database, sql: "SELECT * FROM own_commits WHERE epoch = ? AND role = ?",
      arguments: [Int64(epoch), role.rawValue])
    guard let row else { return nil }
    guard let commitment = Commitment(salt: try row.bytes("salt"), payload: try row.bytes("payload")) else {
      throw StoreError(.damaged, "the promise of epoch \(epoch) has no proper salt")
    }
    return OwnCommitment(
      epoch: epoch, role: role, commitment: commitment, committedAt: try row.numberIfAny("committed_at"),
      revealedAt: try row.numberIfAny("revealed_at"))
  }
}
