import Foundation
import GRDB

extension Store {
  /// Keeps what was seen of calls, all of it or nothing. The epoch must be open, and its nodes known.
  ///
  /// Each call costs one write to the disk, so observations come in batches.
  ///
  /// - Throws: ``StoreError`` `store.conflict` for an attempt that is recorded already, or of an unknown node.
  public func record(_ observations: [Observation], options: StoreOptions = StoreOptions()) async throws {
    try await write { database in
      var peers: [UInt32: PeerRows] = [:]
      var answers: Set<Digest32> = []
      // Looked up once: of a large batch the look-up is a good part of the work.
      let insertion = try database.cachedStatement(
        sql: "INSERT INTO observations VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
      for observation in observations {
        let epoch = Int64(observation.epoch)
        if let answer = observation.answer, answers.insert(answer.digest).inserted {
          let kept = answer.answer.flatMap { $0.bytes.count <= options.answerBytes ? Data($0.bytes) : nil }
          try database.run(
            """
            INSERT INTO answers (epoch, digest, dtype, shape, bytes) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
            """,
            [
              epoch, answer.digest.data, answer.answer?.type.rawValue ?? "", answer.answer?.shapeText ?? "", kept,
            ])
        }
        let peer = try peers[observation.epoch, default: PeerRows(epoch: observation.epoch)].id(
          of: observation.peerID, database)
        try insertion.execute(arguments: [
          epoch, Int64(observation.subnetNodeID), Int64(observation.probe), Int64(observation.attempt), peer,
          observation.requestDigest.data, observation.answer?.digest.data, observation.verdict.rawValue,
          observation.reason.rawValue, observation.detail, Int64(observation.tokenCount),
          observation.firstMessage.map { column($0) }, column(observation.total), column(observation.block),
        ])
      }
    }
  }

  /// The observations of an epoch by subnet node id, probe and attempt, without the answers' elements.
  ///
  /// - Parameter node: nil for those of all nodes.
  public func observations(_ epoch: UInt32, node: UInt32? = nil) async throws -> [Observation] {
    try await read { database in
      try Row.fetchAll(
        database,
        sql: """
          SELECT observations.*, peers.peer_id FROM observations JOIN peers ON peers.id = observations.peer
          WHERE epoch = ?1 AND (?2 IS NULL OR subnet_node_id = ?2) ORDER BY epoch, subnet_node_id, probe, attempt
          """,
        arguments: [Int64(epoch), node.map { Int64($0) }]
      ).map(Self.observation)
    }
  }

  private static func observation(_ row: Row) throws -> Observation {
    Observation(
      epoch: try row.number("epoch"), subnetNodeID: try row.number("subnet_node_id"), probe: try row.number("probe"),
      attempt: try row.number("attempt"), peerID: try row.text("peer_id"),
      requestDigest: try row.digest("request_digest"), verdict: try row.choice("verdict"),
      reason: try row.choice("reason"), detail: try row.textIfAny("detail"),
      answer: try row.bytesIfAny("answer_digest").flatMap(Digest32.init).map { AnswerDigest(digest: $0, answer: nil) },
      tokenCount: try row.number("token_count"), firstMessage: try row.numberIfAny("first_message_us"),
      total: try row.number("total_us"), block: try row.number("block"))
  }

  /// What this validator saw itself: of each probe its last attempt, with the answers that are kept.
  ///
  /// - Throws: ``ScoringError`` `scoring.no-evidence` if the observations were rolled up.
  public func ownEvidence(_ epoch: UInt32) async throws -> Evidence {
    try await read { try Self.ownEvidence($0, epoch) }
  }

  static func ownEvidence(_ database: Database, _ epoch: UInt32) throws -> Evidence {
    try demandEvidence(database, epoch)
    let answers = try answers(database, epoch)
    var outcomes: [UInt32: [UInt16: Evidence.Outcome]] = [:]
    let rows = try Row.fetchCursor(
      database,
      sql: """
        SELECT subnet_node_id, probe, verdict, reason, answer_digest FROM observations WHERE epoch = ?
        ORDER BY subnet_node_id, probe, attempt
        """,
      arguments: [Int64(epoch)])
    while let row = try rows.next() {
      let digest = try row.bytesIfAny("answer_digest").flatMap(Digest32.init)
      // Attempts come in order, so the last one stays.
      outcomes[try row.number("subnet_node_id"), default: [:]][try row.number("probe")] = Evidence.Outcome(
        try row.choice("verdict"), try row.choice("reason"),
        answer: digest.map { AnswerDigest(digest: $0, answer: answers[$0]) })
    }
    return Evidence(
      epoch: epoch,
      members: try nodes(database, epoch).map {
        Evidence.Member(
          subnetNodeID: $0.subnetNodeID, standing: $0.standing,
          outcomes: $0.standing == .hoster ? outcomes[$0.subnetNodeID] ?? [:] : [:])
      })
  }

  /// - Throws: ``ScoringError`` `scoring.no-evidence` for an epoch that is not known, or was rolled up.
  static func demandEvidence(_ database: Database, _ epoch: UInt32) throws {
    let state = try Row.fetchOne(
      database, sql: "SELECT is_rolled_up FROM epochs WHERE epoch = ?", arguments: [Int64(epoch)])
    guard let state, try !state.flag("is_rolled_up") else {
      throw ScoringError(
        .noEvidence, state == nil ? "epoch \(epoch) is not known" : "the observations of epoch \(epoch) were rolled up",
        remedy: "Only epochs whose observations are kept can be scored again.")
    }
  }

  private static func answers(_ database: Database, _ epoch: UInt32) throws -> [Digest32: Answer] {
    var answers: [Digest32: Answer] = [:]
    let rows = try Row.fetchCursor(
      database, sql: "SELECT digest, dtype, shape, bytes FROM answers WHERE epoch = ? AND bytes IS NOT NULL",
      arguments: [Int64(epoch)])
    while let row = try rows.next() { answers[try row.digest("digest")] = try row.answer(bytes: row.bytes("bytes")) }
    return answers
  }
}
