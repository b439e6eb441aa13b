import GRDB
public import Substrate

/// What the elected node put on chain for an epoch, and who attested to it.
public struct SubmissionRecord: Sendable, Hashable {
  /// The subnet epoch in which it stands on chain; its scores are those of the epoch before.
  public let epoch: UInt32
  /// Its subnet node id; in generation C its validator id.
  public let proposer: UInt32
  public let block: UInt64
  public let usesQueueOptions: Bool
  /// Nodes that had to attest.
  public let voters: Int
  /// In the order of the proposal.
  public let scores: [ConsensusSubmission.Score]
  /// The block of each attestation, by subnet node id; in generation C by validator id.
  public let attestations: [UInt32: UInt64]

  public init(
    epoch: UInt32, proposer: UInt32, block: UInt64, usesQueueOptions: Bool, voters: Int,
    scores: [ConsensusSubmission.Score], attestations: [UInt32: UInt64]
  ) {
    self.epoch = epoch
    self.proposer = proposer
    self.block = block
    self.usesQueueOptions = usesQueueOptions
    self.voters = voters
    self.scores = scores
    self.attestations = attestations
  }

  public init(_ submission: ConsensusSubmission, epoch: UInt32) {
    self.init(
      epoch: epoch, proposer: submission.proposer, block: submission.block,
      usesQueueOptions: submission.prioritizeQueueNodeID != nil || submission.removeQueueNodeID != nil,
      voters: submission.voterCount(in: epoch),
      scores: submission.scores, attestations: submission.attestations.mapValues(\.block))
  }
}

extension Store {
  /// Keeps what the chain shows of an epoch's submission; the newest view replaces the one before.
  public func record(_ submission: SubmissionRecord) async throws {
    try await write { database in
      let epoch = Int64(submission.epoch)
      try database.run("DELETE FROM submissions WHERE epoch = ?", [epoch])
      try database.run(
        "INSERT INTO submissions VALUES (?, ?, ?, ?, ?)",
        [
          epoch, Int64(submission.proposer), column(submission.block), submission.usesQueueOptions ? 1 : 0,
          submission.voters,
        ])
      for (position, entry) in submission.scores.enumerated() {
        try database.run(
          "INSERT INTO submission_scores VALUES (?, ?, ?, ?)",
          [epoch, position, Int64(entry.subnetNodeID), entry.score.description])
      }
      for (node, block) in submission.attestations {
        try database.run("INSERT INTO attestations VALUES (?, ?, ?)", [epoch, Int64(node), column(block)])
      }
    }
  }

  /// - Returns: nil for an epoch in which nothing was seen on chain.
  public func submission(_ epoch: UInt32) async throws -> SubmissionRecord? {
    try await read { database in
      let arguments: StatementArguments = [Int64(epoch)]
      guard
        let row = try Row.fetchOne(database, sql: "SELECT * FROM submissions WHERE epoch = ?", arguments: arguments)
      else { return nil }
      let scores = try Row.fetchAll(
        database, sql: "SELECT * FROM submission_scores WHERE epoch = ? ORDER BY position", arguments: arguments
      ).map { entry in
        guard let score = UInt128(try entry.text("score")) else {
          throw StoreError(.damaged, "a score of epoch \(epoch) is no number")
        }
        return ConsensusSubmission.Score(
          subnetNodeID: try entry.number("subnet_node_id"), score: FixedU128(score))
      }
      let attestations = try Row.fetchAll(
        database, sql: "SELECT * FROM attestations WHERE epoch = ?", arguments: arguments
      ).map { (try $0.number("subnet_node_id", as: UInt32.self), try $0.number("block", as: UInt64.self)) }
      return SubmissionRecord(
        epoch: epoch, proposer: try row.number("proposer"), block: try row.number("block"),
        usesQueueOptions: try row.flag("uses_queue_options"), voters: try row.number("voters"), scores: scores,
        attestations: Dictionary(attestations) { first, _ in first })
    }
  }
}
