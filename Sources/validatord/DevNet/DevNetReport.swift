import Substrate
import Validator

/// The end of a run: scores as each validator has them, epochs as the chain has them, and what follows.
struct DevNetReport: Sendable {
  let epochs: [DevNetEpoch]
  let findings: DevNetFindings
  /// The validators' names and databases.
  let stores: [(String, Store)]
  let plan: DevNetPlan

  /// The epochs whose scores were proposed.
  private var scored: ClosedRange<UInt32>? {
    guard let first = epochs.first?.scored, let last = epochs.last?.scored else { return nil }
    return first...max(first, last)
  }

  func write(_ format: OutputFormat) async throws {
    switch format {
    case .table: try await writeTable()
    case .json: Report.write(json)
    }
  }

  private func writeTable() async throws {
    for (validator, store) in stores {
      guard let scored else { break }
      let range =
        scored.lowerBound == scored.upperBound ? "\(scored.lowerBound)" : "\(scored.lowerBound)-\(scored.upperBound)"
      Report.write(text: "\n$ validatord scores --database \(validator)/data/node.sqlite --epoch \(range)")
      do {
        try await ScoresList(store, SummaryQuery(epochs: scored)).write(.table, orElse: store.path)
      } catch let error as CommandError {
        Report.write(text: error.message)
      }
    }
    Report.write(text: "\non chain:")
    Report.write(
      headings: ["EPOCH", "PROPOSED BY", "IN BLOCK", "REWARD FACTOR", "ATTESTED", "PAID TO STAKES (TENSOR)"],
      rows: epochs.map(row), right: [0, 2, 3])
    Report.write(text: "")
    for finding in findings.findings {
      Report.write(text: "\(finding.isMet ? "yes" : "NO ")  \(finding.text)")
    }
  }

  private func row(_ epoch: DevNetEpoch) -> [String] {
    let paid = (epoch.settlement ?? []).filter { $0.after != $0.before }.map { change in
      let name = plan.node(change.node)?.name ?? "\(change.node)"
      return change.after.value > change.before.value
        ? "\(name) +\(DevNetNarrator.tensor(change.after.saturatingSubtracting(change.before)))"
        : "\(name) −\(DevNetNarrator.tensor(change.before.saturatingSubtracting(change.after)))"
    }
    return [
      "\(epoch.epoch)", plan.node(epoch.proposal?.proposer)?.name ?? "–", epoch.proposal.map { "\($0.block)" } ?? "–",
      epoch.proposal.map { $0.rewardFactor.percent } ?? "–",
      epoch.proposal.map { "\($0.attestations.count) of \($0.voters) (\(DevNetNarrator.percent($0.ratio)))" } ?? "–",
      paid.isEmpty ? "–" : paid.joined(separator: ", "),
    ]
  }

  private var json: JSONValue {
    let findings = self.findings.findings.map { finding -> JSONValue in
      ["name": .string(finding.name), "met": .bool(finding.isMet), "text": .string(finding.text)]
    }
    return [
      "ok": .bool(self.findings.areAllMet), "subnet": JSONValue(DevNetPlan.subnet),
      "epochs": .array(epochs.map(Self.json)), "findings": .array(findings),
      "databases": .object(Dictionary(stores.map { ($0.0, .string($0.1.path)) }) { first, _ in first }),
    ]
  }

  private static func json(_ epoch: DevNetEpoch) -> JSONValue {
    let proposal: JSONValue =
      epoch.proposal.map { proposal in
        [
          "proposer": JSONValue(proposal.proposer), "block": JSONValue(proposal.block),
          "rewardFactor": .string("\(proposal.rewardFactor)"), "voters": JSONValue(proposal.voters),
          "attestations": .object(numbered(proposal.attestations) { JSONValue($0) }),
          "scores": .object(numbered(proposal.scores) { .string("\($0)") }),
        ]
      } ?? .null
    let stakes = (epoch.settlement ?? []).map { change -> JSONValue in
      [
        "node": JSONValue(change.node), "before": .string("\(change.before)"), "after": .string("\(change.after)"),
      ]
    }
    return [
      "epoch": JSONValue(epoch.epoch), "elected": epoch.elected.map { JSONValue($0) } ?? .null, "proposal": proposal,
      "consensus": .bool(epoch.hasConsensus), "stakes": .array(stakes),
    ]
  }

  private static func numbered<Value>(
    _ values: [UInt32: Value], _ json: (Value) -> JSONValue
  ) -> [String: JSONValue] {
    Dictionary(values.map { ("\($0.key)", json($0.value)) }) { first, _ in first }
  }
}
