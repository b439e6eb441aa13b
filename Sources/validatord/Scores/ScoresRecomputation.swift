import Substrate
import Validator

/// Scores made again from the evidence.
struct ScoresRecomputation {
  private var rows: [[ScoresTable.Cell]] = []
  private var differs = false

  init(_ store: Store, _ query: SummaryQuery) async throws {
    for epoch in try await store.scoredEpochs(query.epochs, limit: query.limit) {
      let result = try await Self.attempt(store, epoch)
      switch result {
      case .failure(let error):
        rows.append([
          .init(epoch), .init("not possible"), .init(error.message), .init(JSONValue.null), .init(JSONValue.null),
        ])
      case .success(let recomputation):
        differs = differs || !recomputation.isIdentical
        rows.append([
          .init(epoch), .init(recomputation.isIdentical ? "identical" : "differs"),
          .init(
            "\(recomputation.stored.policy) \(recomputation.stored.policyVersion), \(recomputation.stored.agreement)"),
          .init(recomputation.sheet.digest.description),
          .init(.array(recomputation.differences.map { JSONValue($0) })),
        ])
      }
    }
  }

  /// Epochs whose observations were summed up can't be scored again, which is no difference.
  private static func attempt(_ store: Store, _ epoch: UInt32) async throws -> Result<Recomputation, ScoringError> {
    do {
      guard let recomputation = try await store.recompute(epoch) else { throw CommandError.noScores(store.path) }
      return .success(recomputation)
    } catch let error as ScoringError where error.kind == .noEvidence {
      return .failure(error)
    }
  }

  func write(_ format: ScoresFormat, orElse path: String) throws {
    guard !rows.isEmpty else { throw CommandError.noScores(path) }
    ScoresTable(columns: Self.columns, rows: rows).write(format)
    guard !differs else {
      throw CommandError(
        "scores.not-reproduced", "the evidence gives other scores than those that are stored",
        remedy: "Check the database with `validatord db check`, and report it with the evidence.", status: .failed)
    }
  }

  private static let columns: [ScoresTable.Column] = [
    .init(name: "epoch", heading: "EPOCH", isNumber: true), .init(name: "result", heading: "RESULT"),
    .init(name: "by", heading: "BY"), .init(name: "digest", heading: "DIGEST"),
    .init(name: "differences", heading: "NODES THAT DIFFER"),
  ]
}
