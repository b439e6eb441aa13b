import Substrate

/// Tells in lines what changed between two pictures of the network.
struct DevNetNarrator: Sendable {
  private let plan: DevNetPlan
  private var told: DevNetPicture?

  init(_ plan: DevNetPlan) { self.plan = plan }

  /// The news of a picture, oldest first.
  mutating func news(_ picture: DevNetPicture) -> [String] {
    defer { told = picture }
    var lines: [String] = []
    for epoch in picture.epochs {
      lines += news(of: epoch, since: told?.epochs.first { $0.epoch == epoch.epoch })
    }
    lines += opinions(picture)
    return lines.map { "block \(picture.block)  \($0)" }
  }

  private func news(of epoch: DevNetEpoch, since old: DevNetEpoch?) -> [String] {
    var lines: [String] = []
    let start = "epoch \(epoch.epoch): "
    if old == nil { lines.append(start + "\(name(epoch.elected)) is elected") }
    if let proposal = epoch.proposal {
      if old?.proposal == nil {
        lines.append(start + "\(name(proposal.proposer)) proposed in block \(proposal.block)")
      }
      let before = old?.proposal?.attestations.keys.count ?? 1
      if proposal.attestations.count > before {
        lines.append(
          start + "\(proposal.attestations.count) of \(proposal.voters) attest (\(Self.percent(proposal.ratio)))")
      }
    }
    if epoch.settlement != nil, old?.settlement == nil {
      lines.append(
        start
          + (epoch.hasConsensus
            ? "consensus, \(Self.tensor(epoch.rewards)) TENSOR paid to stakes" : "ended without consensus"))
    }
    return lines
  }

  /// One line for each validator that has new scores.
  private func opinions(_ picture: DevNetPicture) -> [String] {
    plan.validators.compactMap { validator in
      let epoch = Self.scoredEpoch(picture, validator.name)
      guard let epoch, epoch != told.flatMap({ Self.scoredEpoch($0, validator.name) }) else { return nil }
      let scores = plan.nodes.filter(\.role.isHoster).map { node in
        let opinion = node.id.flatMap { picture.opinions[$0]?[validator.name] }
        return "\(node.name) \(opinion.map(DevNetTable.text) ?? "–")"
      }
      return "\(validator.name) scored epoch \(epoch): " + scores.joined(separator: ", ")
    }
  }

  private static func scoredEpoch(_ picture: DevNetPicture, _ validator: String) -> UInt32? {
    picture.opinions.values.compactMap { $0[validator]?.epoch }.max()
  }

  private func name(_ id: UInt32?) -> String { plan.node(id)?.name ?? "nobody" }

  /// Hundredths of a percent as text.
  static func percent(_ hundredths: Int) -> String {
    let rest = hundredths % 100
    return rest == 0 ? "\(hundredths / 100) %" : "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest) %"
  }

  /// An amount with six digits behind the point.
  static func tensor(_ amount: Planck) -> String {
    let parts = amount.tensor.split(separator: ".")
    return parts.count == 2 ? "\(parts[0]).\(parts[1].prefix(6))" : amount.tensor
  }
}
