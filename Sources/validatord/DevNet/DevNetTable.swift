import Substrate
import Validator

/// A picture of the network as a table for people.
struct DevNetTable: Sendable {
  let lines: [String]

  init(_ picture: DevNetPicture, _ plan: DevNetPlan) {
    var lines = [Self.heading(picture, plan), ""]
    lines += Self.columns(
      [["NODE", "ID", "ROLE", "EPOCH", "VERDICT", "SCORE", "THIS EPOCH"]]
        + plan.nodes.map { Self.row($0, picture, plan) })
    lines.append("")
    lines += Self.columns(
      [["EPOCH", "ELECTED", "PROPOSED", "ATTESTED", "REWARDS"]] + picture.epochs.suffix(4).map { Self.row($0, plan) })
    self.lines = lines
  }

  private static func heading(_ picture: DevNetPicture, _ plan: DevNetPlan) -> String {
    guard let epoch = picture.epoch else { return "block \(picture.block), before the subnet's first epoch" }
    let elected = picture.current.flatMap { plan.node($0.elected)?.name } ?? "nobody"
    return "block \(picture.block), epoch \(epoch) (\(picture.blocksInto)/\(picture.epochLength)), "
      + "elected: \(elected), \(picture.phase)"
  }

  private static func row(_ node: DevNetNode, _ picture: DevNetPicture, _ plan: DevNetPlan) -> [String] {
    let opinions = plan.validators.compactMap { validator in node.id.flatMap { picture.opinions[$0]?[validator.name] } }
    let newest = opinions.map(\.epoch).max()
    let current = Set(opinions.filter { $0.epoch == newest })
    // One opinion is what all three have; else they are shown one by one.
    let verdict = current.count <= 1 ? current.first?.verdict?.rawValue ?? "–" : "not the same"
    let scores = current.map { $0.score.percent }.sorted()
    return [
      node.name, node.id.map { "\($0)" } ?? "–", node.role.rawValue, newest.map { "\($0)" } ?? "–", verdict,
      scores.isEmpty ? "–" : scores.joined(separator: " / "), deed(node, picture.current),
    ]
  }

  /// What a validator did in the running epoch.
  private static func deed(_ node: DevNetNode, _ epoch: DevNetEpoch?) -> String {
    guard let id = node.id, let proposal = epoch?.proposal, let block = proposal.attestations[id] else { return "" }
    return id == proposal.proposer ? "proposed in \(block)" : "attested in \(block)"
  }

  private static func row(_ epoch: DevNetEpoch, _ plan: DevNetPlan) -> [String] {
    [
      "\(epoch.epoch)", plan.node(epoch.elected)?.name ?? "–",
      epoch.proposal.map { "in block \($0.block)" } ?? "–",
      epoch.proposal.map { "\($0.attestations.count) of \($0.voters) (\(DevNetNarrator.percent($0.ratio)))" } ?? "–",
      epoch.settlement == nil ? "–" : DevNetNarrator.tensor(epoch.rewards),
    ]
  }

  /// Cells under one another.
  static func columns(_ rows: [[String]]) -> [String] {
    var widths: [Int] = []
    for row in rows {
      for (column, cell) in row.enumerated() {
        if column < widths.count { widths[column] = max(widths[column], cell.count) } else { widths.append(cell.count) }
      }
    }
    return rows.map { row in
      var line = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }.joined(separator: "  ")
      while line.last == " " { line.removeLast() }
      return line
    }
  }

  /// A verdict and what it is worth.
  static func text(_ opinion: DevNetPicture.Opinion) -> String {
    (opinion.verdict.map { "\($0.rawValue) " } ?? "") + opinion.score.percent
  }
}
