import Substrate
import Validator

/// The verdict of each probe, with every attempt that it rests on.
struct ScoresWhy {
  private var rows: [[ScoresTable.Cell]] = []

  init(_ store: Store, _ query: SummaryQuery) async throws {
    var peers: [UInt32: [UInt32: String]] = [:]
    for summary in try await store.summaries(query) {
      peers[summary.epoch, default: [:]][summary.subnetNodeID] = summary.peerID
    }
    for epoch in peers.keys.sorted(by: >) {
      let scores = try await store.scores(epoch)
      let judgements = Dictionary(
        grouping: scores?.sheet.judgements ?? [], by: { [$0.subnetNodeID, UInt32($0.probe)] })
      for observation in try await store.observations(epoch, node: query.subnetNodeID)
      where peers[epoch]?[observation.subnetNodeID] != nil {
        let judgement = judgements[[observation.subnetNodeID, UInt32(observation.probe)]]?.first
        rows.append(Self.row(observation, judgement))
        guard rows.count < query.limit else { return }
      }
    }
  }

  func write(_ format: ScoresFormat, orElse path: String) throws {
    guard !rows.isEmpty else {
      throw CommandError(
        "scores.none", "\(path) has no observations that match",
        remedy: "Observations are kept for a number of epochs; `validatord scores` shows what is left of older ones.",
        status: .failed)
    }
    ScoresTable(columns: Self.columns, rows: rows).write(format)
  }

  private static let columns: [ScoresTable.Column] = [
    .init(name: "epoch", heading: "EPOCH", isNumber: true), .init(name: "node", heading: "NODE", isNumber: true),
    .init(name: "probe", heading: "PROBE", isNumber: true), .init(name: "verdict", heading: "VERDICT"),
    .init(name: "reason", heading: "REASON"), .init(name: "credit", heading: "CREDIT", isNumber: true),
    .init(name: "attempt", heading: "ATTEMPT", isNumber: true), .init(name: "seen", heading: "SEEN"),
    .init(name: "detail", heading: "DETAIL"), .init(name: "answer", heading: "ANSWER"),
    .init(name: "tokens", heading: "TOKENS", isNumber: true),
    .init(name: "firstMessageUs", heading: "FIRST MESSAGE", isNumber: true),
    .init(name: "totalUs", heading: "TOTAL", isNumber: true), .init(name: "block", heading: "BLOCK", isNumber: true),
    .init(name: "peerId", heading: "PEER ID"),
  ]

  private static func row(_ seen: Observation, _ judgement: Judgement?) -> [ScoresTable.Cell] {
    [
      .init(seen.epoch), .init(seen.subnetNodeID), .init(seen.probe), .init(judgement?.verdict.rawValue),
      .init(judgement?.reason.rawValue), .init(score: judgement?.credit), .init(seen.attempt),
      .init("\(seen.verdict.rawValue): \(seen.reason.rawValue)"), .init(seen.detail),
      .init(
        seen.answer.map { .string($0.digest.description) } ?? .null,
        text: seen.answer.map { String($0.digest.description.prefix(12)) } ?? "–"), .init(seen.tokenCount),
      .init(seen.firstMessage.map { JSONValue($0) } ?? .null, text: seen.firstMessage.map(milliseconds) ?? "–"),
      .init(JSONValue(seen.total), text: milliseconds(seen.total)), .init(seen.block), .init(seen.peerID),
    ]
  }

  private static func milliseconds(_ microseconds: UInt64) -> String {
    let tenths = microseconds / 100
    return "\(tenths / 10).\(tenths % 10) ms"
  }
}
