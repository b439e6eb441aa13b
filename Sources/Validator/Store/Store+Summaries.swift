import GRDB
public import Substrate

/// One node's line in a report about one epoch.
public struct NodeSummary: Sendable, Hashable {
  public let epoch: UInt32
  public let subnetNodeID: UInt32
  public let peerID: String
  public let standing: EpochNode.Standing
  /// Nil if the epoch has no scores.
  public let score: NodeScore?
  /// What the proposal on chain, which is made in the next epoch, gives the node; nil if it has none, or there is no
  /// proposal.
  public let submitted: FixedU128?
  /// The block in which the node attested.
  public let attestedAt: UInt64?
  /// Calls, those of removed observations included.
  public let attempts: Int
}

/// Which epochs and nodes a report is about.
public struct SummaryQuery: Sendable, Hashable {
  public var epochs: ClosedRange<UInt32>
  /// Nil for all nodes.
  public var subnetNodeID: UInt32?
  /// Nil for all peers.
  public var peerID: String?
  /// The most lines, newest epochs first.
  public var limit = 10_000

  public init(epochs: ClosedRange<UInt32>, subnetNodeID: UInt32? = nil, peerID: String? = nil) {
    self.epochs = epochs
    self.subnetNodeID = subnetNodeID
    self.peerID = peerID
  }
}

extension Store {
  /// The lines of a report, by epoch, newest first, and subnet node id.
  public func summaries(_ query: SummaryQuery) async throws -> [NodeSummary] {
    try await read { database in
      try Row.fetchAll(
        database,
        sql: """
          SELECT nodes.epoch, nodes.subnet_node_id, nodes.standing, peers.peer_id,
            scores.score, scores.hoster_part, scores.hoster_raw, scores.validator_part, scores.validator_raw,
            scores.accepted, scores.judged,
            (SELECT score FROM submission_scores
              WHERE submission_scores.epoch = nodes.epoch + 1
                AND submission_scores.subnet_node_id = nodes.subnet_node_id
              ORDER BY position LIMIT 1) AS submitted,
            attestations.block AS attested_at,
            coalesce(rollups.attempts, (SELECT count(*) FROM observations
              WHERE observations.epoch = nodes.epoch AND observations.subnet_node_id = nodes.subnet_node_id)) AS attempts
          FROM nodes JOIN peers ON peers.id = nodes.peer
          LEFT JOIN scores USING (epoch, subnet_node_id)
          LEFT JOIN rollups USING (epoch, subnet_node_id)
          LEFT JOIN attestations ON attestations.epoch = nodes.epoch + 1
            AND attestations.subnet_node_id = nodes.subnet_node_id
          WHERE nodes.epoch BETWEEN ?1 AND ?2 AND (?3 IS NULL OR nodes.subnet_node_id = ?3)
            AND (?4 IS NULL OR peers.peer_id = ?4)
          ORDER BY nodes.epoch DESC, nodes.subnet_node_id LIMIT ?5
          """,
        arguments: [
          Int64(query.epochs.lowerBound), Int64(query.epochs.upperBound), query.subnetNodeID.map { Int64($0) },
          query.peerID, query.limit,
        ]
      ).map(Self.summary)
    }
  }

  private static func summary(_ row: Row) throws -> NodeSummary {
    let id: UInt32 = try row.number("subnet_node_id")
    let score: Int64? = try row.numberIfAny("score")
    return NodeSummary(
      epoch: try row.number("epoch"), subnetNodeID: id, peerID: try row.text("peer_id"),
      standing: try row.choice("standing"),
      score: score == nil
        ? nil
        : NodeScore(
          subnetNodeID: id, hosterPart: try row.number("hoster_part"), hosterRaw: try row.number("hoster_raw"),
          validatorPart: try row.number("validator_part"), validatorRaw: try row.number("validator_raw"),
          accepted: try row.number("accepted"), judged: try row.number("judged")),
      submitted: try row.textIfAny("submitted").flatMap { UInt128($0) }.map { FixedU128($0) },
      attestedAt: try row.numberIfAny("attested_at"), attempts: try row.number("attempts"))
  }
}
