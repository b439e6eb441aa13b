import GRDB

/// What is kept for how long, so that the file stops growing.
///
/// For 200 hosters, 8 probes and 24 epochs a day the defaults keep the observations of six weeks and the scores of eleven
/// years.
public struct Retention: Sendable, Hashable {
  /// Epochs whose observations and answers are kept: only these can be scored again.
  public var evidenceEpochs: UInt32 = 1_000
  /// Epochs whose scores, submissions, finished duties and sums of the observations are kept.
  public var summaryEpochs: UInt32 = 100_000
  /// The most epochs that are worked on in one transaction, so that writers don't wait for long.
  static let step = 16

  public init() {}
}

/// What pruning did.
public struct Pruning: Sendable, Hashable {
  /// Epochs whose observations were summed up and removed.
  public internal(set) var rolledUp = 0
  /// Epochs that were removed.
  public internal(set) var removed = 0
  /// Duties that were removed; their bounds stay.
  public internal(set) var duties = 0
}

extension Store {
  /// Removes what is older than the retention allows. May be stopped at any moment and run again.
  ///
  /// - Parameter epoch: the current one, from which is counted back.
  public func prune(_ retention: Retention = Retention(), at epoch: UInt32) async throws -> Pruning {
    var pruning = Pruning()
    let evidence = Int64(epoch) - Int64(retention.evidenceEpochs)
    let summaries = Int64(epoch) - Int64(max(retention.summaryEpochs, retention.evidenceEpochs))
    while true {
      let done = try await write { try Self.rollUp($0, before: evidence) }
      pruning.rolledUp += done
      if done < Retention.step { break }
    }
    while true {
      let done = try await write { try Self.remove($0, before: summaries) }
      pruning.removed += done
      if done < Retention.step { break }
    }
    pruning.duties = try await write { try Self.removeDuties($0, before: summaries) }
    try await write { database in
      try database.run("DELETE FROM own_commits WHERE epoch < ?", [evidence])
      try database.run("DELETE FROM seen_commits WHERE epoch < ?", [evidence])
      try database.run("DELETE FROM own_runs WHERE epoch < ?", [summaries])
      try database.run(
        """
        DELETE FROM peers WHERE last_epoch < ? AND id NOT IN (SELECT peer FROM nodes)
        AND id NOT IN (SELECT peer FROM observations)
        """, [evidence])
    }
    return pruning
  }

  /// Gives free pages back to the file system. Needs as much space again while it works, and keeps writers waiting.
  public func compact() async throws {
    try await writeOutsideTransaction { database in
      try database.execute(sql: "VACUUM")
      _ = try database.checkpoint(.truncate)
    }
  }

  private static func rollUp(_ database: Database, before epoch: Int64) throws -> Int {
    let epochs = try Int64.fetchAll(
      database, sql: "SELECT epoch FROM epochs WHERE epoch < ? AND is_rolled_up = 0 ORDER BY epoch LIMIT ?",
      arguments: [epoch, Retention.step])
    for epoch in epochs {
      try database.run(
        """
        INSERT INTO rollups
        SELECT epoch, subnet_node_id, count(*), sum(verdict = 'accepted'), sum(verdict = 'rejected'),
          sum(verdict = 'refused'), sum(verdict = 'absent'), sum(verdict = 'crashed'), sum(verdict = 'inconclusive'),
          sum(token_count), sum(total_us), max(total_us)
        FROM observations WHERE epoch = ? GROUP BY subnet_node_id
        """, [epoch])
      for table in ["observations", "answers", "judgements", "tensors"] {
        try database.run("DELETE FROM \(table) WHERE epoch = ?", [epoch])
      }
      try database.run("UPDATE epochs SET is_rolled_up = 1 WHERE epoch = ?", [epoch])
    }
    return epochs.count
  }

  private static func remove(_ database: Database, before epoch: Int64) throws -> Int {
    try database.run(
      "DELETE FROM epochs WHERE epoch IN (SELECT epoch FROM epochs WHERE epoch < ? ORDER BY epoch LIMIT ?)",
      [epoch, Retention.step])
    return database.changesCount
  }

  /// Removes finished duties. Before, the bounds rise to cover them, whatever raised them at first.
  private static func removeDuties(_ database: Database, before epoch: Int64) throws -> Int {
    let old = "epoch < ? AND state IN ('finalized', 'expired', 'replaced', 'refused', 'missed')"
    try database.run(
      """
      INSERT INTO bounds
      SELECT genesis_hash, subnet_id, node_id, duty, max(epoch) FROM duties WHERE \(old)
      GROUP BY genesis_hash, subnet_id, node_id, duty
      ON CONFLICT DO UPDATE SET epoch = excluded.epoch WHERE excluded.epoch > bounds.epoch
      """, [epoch])
    try database.run("DELETE FROM signatures WHERE duty IN (SELECT id FROM duties WHERE \(old))", [epoch])
    try database.run("DELETE FROM duties WHERE \(old)", [epoch])
    return database.changesCount
  }
}
