import Substrate
import Validator

/// One line for each node and epoch.
struct ScoresList {
  private let summaries: [NodeSummary]

  init(_ store: Store, _ query: SummaryQuery) async throws { summaries = try await store.summaries(query) }

  func write(_ format: ScoresFormat, orElse path: String) throws {
    guard !summaries.isEmpty else { throw CommandError.noScores(path) }
    ScoresTable(columns: Self.columns, rows: summaries.map(Self.row)).write(format)
  }

  private static let columns: [ScoresTable.Column] = [
    .init(name: "epoch", heading: "EPOCH", isNumber: true), .init(name: "node", heading: "NODE", isNumber: true),
    .init(name: "standing", heading: "STANDING"), .init(name: "score", heading: "SCORE", isNumber: true),
    .init(name: "hosterPart", heading: "HOSTER", isNumber: true),
    .init(name: "hosterRaw", heading: "RAW", isNumber: true),
    .init(name: "validatorPart", heading: "VALIDATOR", isNumber: true),
    .init(name: "validatorRaw", heading: "RAW", isNumber: true),
    .init(name: "accepted", heading: "ACCEPTED", isNumber: true),
    .init(name: "judged", heading: "JUDGED", isNumber: true),
    .init(name: "attempts", heading: "CALLS", isNumber: true),
    .init(name: "submitted", heading: "SUBMITTED", isNumber: true),
    .init(name: "attestedAt", heading: "ATTESTED AT", isNumber: true), .init(name: "peerId", heading: "PEER ID"),
  ]

  private static func row(_ summary: NodeSummary) -> [ScoresTable.Cell] {
    let score = summary.score
    return [
      .init(summary.epoch), .init(summary.subnetNodeID), .init(summary.standing.rawValue), .init(score: score?.score),
      .init(score: score?.hosterPart), .init(score: score?.hosterRaw), .init(score: score?.validatorPart),
      .init(score: score?.validatorRaw), .init(score.map { JSONValue($0.accepted) } ?? .null),
      .init(score.map { JSONValue($0.judged) } ?? .null), .init(summary.attempts),
      .init(
        summary.submitted.map { .string("\($0)") } ?? .null, text: summary.submitted.map(\.percent) ?? "–"),
      .init(summary.attestedAt.map { JSONValue($0) } ?? .null), .init(summary.peerID),
    ]
  }
}
