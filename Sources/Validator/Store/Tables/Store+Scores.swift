import GRDB
public import Substrate

/// The scores of an epoch as they were stored, with all that is needed to make them again.
public struct StoredScores: Sendable, Hashable {
  public let sheet: ScoreSheet
  public let policy: String
  public let policyVersion: Int
  public let parameters: JSONValue
  /// The name of the ``AgreementSource``.
  public let agreement: String
  public let evidenceDigest: Digest32
  public let scoresDigest: Digest32
  /// The best block when they were made.
  public let block: UInt64
}

extension Store {
  /// Keeps the scores of an epoch. They are never changed: the same ones may be recorded again, others are refused.
  ///
  /// - Throws: ``StoreError`` `store.conflict` for other scores than those that are kept.
  public func record<Policy: ScoringPolicy>(
    _ sheet: ScoreSheet, by policy: Policy, agreement: String, evidence: Digest32, block: UInt64
  ) async throws {
    let parameters = String(decoding: policy.parameters.encoded(), as: UTF8.self)
    try await write { database in
      let epoch = Int64(sheet.epoch)
      if let known = try Row.fetchOne(database, sql: "SELECT * FROM scorings WHERE epoch = ?", arguments: [epoch]) {
        guard try known.digest("scores_digest") == sheet.digest else {
          throw StoreError(.conflict, "epoch \(sheet.epoch) has other scores already")
        }
        return
      }
      try database.run(
        "INSERT INTO scorings VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
          epoch, Policy.name, Policy.version, parameters, agreement, evidence.data, sheet.digest.data, column(block),
        ])
      for score in sheet.scores {
        try database.run(
          "INSERT INTO scores VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
          [
            epoch, Int64(score.subnetNodeID), column(score.score), column(score.hosterPart), column(score.hosterRaw),
            column(score.validatorPart), column(score.validatorRaw), score.accepted, score.judged,
          ])
      }
      for judgement in sheet.judgements {
        try database.run(
          "INSERT INTO judgements VALUES (?, ?, ?, ?, ?, ?)",
          [
            epoch, Int64(judgement.subnetNodeID), Int64(judgement.probe), judgement.verdict.rawValue,
            judgement.reason.rawValue, column(judgement.credit),
          ])
      }
    }
  }

  /// - Returns: nil for an epoch without scores.
  public func scores(_ epoch: UInt32) async throws -> StoredScores? {
    try await read { database in
      let arguments: StatementArguments = [Int64(epoch)]
      guard
        let row = try Row.fetchOne(database, sql: "SELECT * FROM scorings WHERE epoch = ?", arguments: arguments)
      else { return nil }
      let scores = try Row.fetchAll(
        database, sql: "SELECT * FROM scores WHERE epoch = ? ORDER BY subnet_node_id", arguments: arguments)
      let judgements = try Row.fetchAll(
        database, sql: "SELECT * FROM judgements WHERE epoch = ? ORDER BY subnet_node_id, probe", arguments: arguments)
      guard let parameters = try? JSONValue(parsing: Array(row.text("parameters").utf8)) else {
        throw StoreError(.damaged, "the parameters of the scores of epoch \(epoch) are no JSON")
      }
      return StoredScores(
        sheet: ScoreSheet(
          epoch: epoch, judgements: try judgements.map(Self.judgement), scores: try scores.map(Self.score)),
        policy: try row.text("policy"), policyVersion: try row.number("policy_version"), parameters: parameters,
        agreement: try row.text("agreement"), evidenceDigest: try row.digest("evidence_digest"),
        scoresDigest: try row.digest("scores_digest"), block: try row.number("block"))
    }
  }

  /// The epochs with scores, newest first.
  public func scoredEpochs(_ epochs: ClosedRange<UInt32>, limit: Int) async throws -> [UInt32] {
    try await read { database in
      try Int64.fetchAll(
        database, sql: "SELECT epoch FROM scorings WHERE epoch BETWEEN ? AND ? ORDER BY epoch DESC LIMIT ?",
        arguments: [Int64(epochs.lowerBound), Int64(epochs.upperBound), limit]
      ).map { UInt32(clamping: $0) }
    }
  }

  private static func score(_ row: Row) throws -> NodeScore {
    NodeScore(
      subnetNodeID: try row.number("subnet_node_id"), hosterPart: try row.number("hoster_part"),
      hosterRaw: try row.number("hoster_raw"), validatorPart: try row.number("validator_part"),
      validatorRaw: try row.number("validator_raw"), accepted: try row.number("accepted"),
      judged: try row.number("judged"))
  }

  private static func judgement(_ row: Row) throws -> Judgement {
    Judgement(
      subnetNodeID: try row.number("subnet_node_id"), probe: try row.number("probe"),
      verdict: try row.choice("verdict"), reason: try row.choice("reason"), credit: try row.number("credit"))
  }
}
