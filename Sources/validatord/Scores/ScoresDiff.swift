import Substrate
import Validator

/// Own scores beside those that the elected node put on chain.
struct ScoresDiff {
  private var rows: [[ScoresTable.Cell]] = []
  private var differs = false

  init(_ store: Store, _ query: SummaryQuery) async throws {
    for summary in try await store.summaries(query) {
      guard let submission = try await store.submission(summary.epoch &+ 1), let own = summary.score else { continue }
      let mine = FixedU128(UInt128(own.score))
      let isEqual = summary.submitted == mine
      differs = differs || !isEqual
      rows.append([
        .init(summary.epoch), .init(summary.subnetNodeID), .init(JSONValue.string("\(mine)")),
        .init(summary.submitted.map { .string("\($0)") } ?? .null),
        .init(isEqual ? "equal" : summary.submitted == nil ? "missing" : "differs"), .init(submission.proposer),
        .init(submission.block), .init("\(submission.attestations.count)/\(submission.voters)"), .init(summary.peerID),
      ])
    }
    try await addForeign(store, query)
  }

  /// What the proposals name and this validator did not score.
  private mutating func addForeign(_ store: Store, _ query: SummaryQuery) async throws {
    guard query.peerID == nil else { return }
    let known = Set(rows.compactMap { $0.first?.json })
    for epoch in known.compactMap({ $0.uint64Value.flatMap { UInt32(exactly: $0) } }).sorted(by: >) {
      let members = Set(try await store.nodes(epoch).map(\.subnetNodeID))
      guard let submission = try await store.submission(epoch &+ 1) else { continue }
      for entry in submission.scores
      where !members.contains(entry.subnetNodeID) && query.subnetNodeID ?? entry.subnetNodeID == entry.subnetNodeID {
        differs = true
        rows.append([
          .init(epoch), .init(entry.subnetNodeID), .init(JSONValue.null), .init(JSONValue.string("\(entry.score)")),
          .init("foreign"), .init(submission.proposer), .init(submission.block),
          .init("\(submission.attestations.count)/\(submission.voters)"), .init(JSONValue.null),
        ])
      }
    }
  }

  func write(_ format: ScoresFormat, orElse path: String) throws {
    guard !rows.isEmpty else {
      throw CommandError(
        "scores.none", "\(path) has no epoch that matches with both scores and a submission", status: .failed)
    }
    ScoresTable(columns: Self.columns, rows: rows).write(format)
    guard !differs else {
      throw CommandError(
        "scores.differ", "the chain's submission and the own scores differ",
        remedy: "`validatord scores --why` shows what the own scores rest on.", status: .failed)
    }
  }

  private static let columns: [ScoresTable.Column] = [
    .init(name: "epoch", heading: "EPOCH", isNumber: true), .init(name: "node", heading: "NODE", isNumber: true),
    .init(name: "own", heading: "OWN", isNumber: true), .init(name: "submitted", heading: "SUBMITTED", isNumber: true),
    .init(name: "state", heading: "STATE"), .init(name: "proposer", heading: "PROPOSER", isNumber: true),
    .init(name: "block", heading: "BLOCK", isNumber: true), .init(name: "attestations", heading: "ATTESTED"),
    .init(name: "peerId", heading: "PEER ID"),
  ]
}
