import Substrate
import Validator

/// The account of an epoch as a person reads it: a timeline, verdicts, the way of the scores onto the chain, losses.
struct EpochStory: Sendable {
  private let account: EpochAccount
  private let settlement: EpochSettlement?

  init(_ account: EpochAccount, _ settlement: EpochSettlement?) {
    self.account = account
    self.settlement = settlement
  }

  func write(_ format: OutputFormat) {
    switch format {
    case .json: Report.write(json)
    case .table: writeTable()
    }
  }

  private func writeTable() {
    Report.write(
      text: "epoch \(account.epoch.epoch) of subnet \(account.identity.map { "\($0.subnetID)" } ?? "–"), "
        + "node \(account.epoch.ownNode.map { "\($0)" } ?? "–")\n")
    Report.write(
      headings: ["BLOCK", "INTO", "WHAT"],
      rows: timeline.map { ["\($0.block)", percent(account.progress($0.block)), $0.text] }, right: [0, 1])
    if !verdicts.isEmpty {
      Report.write(text: "")
      Report.write(
        headings: ["NODE", "VERDICT", "REASON", "SCORE", "CALLS", "DETAIL"], rows: verdicts, right: [0, 3, 4])
    }
    Report.write(text: "")
    for line in outcome { Report.write(text: line) }
  }

  // MARK: Timeline

  struct Moment: Sendable, Hashable {
    let block: UInt64
    let text: String
  }

  /// What happened, by block.
  var timeline: [Moment] {
    var moments = [
      Moment(block: account.epoch.firstBlock, text: "epoch \(account.epoch.epoch) begins"),
      Moment(
        block: account.nextBlock,
        text: "epoch \(account.proposalEpoch) begins"
          + (elected.map { ", node \($0) is elected" } ?? "")),
    ]
    let calls = account.observations.map(\.block)
    if let first = calls.min(), let last = calls.max() {
      moments.append(Moment(block: first, text: "first of \(calls.count) calls to hosters ended"))
      moments.append(Moment(block: last, text: "last call ended"))
    }
    if let scores = account.scores {
      moments.append(
        Moment(block: scores.block, text: "scored by \(scores.policy) \(scores.policyVersion), \(scores.agreement)"))
    }
    for course in account.duties {
      for step in course.steps {
        let detail = step.detail.map { ": \($0)" } ?? ""
        moments.append(Moment(block: step.block, text: "\(course.record.key.duty.rawValue): \(step.state)\(detail)"))
      }
    }
    if let proposal {
      moments.append(Moment(block: proposal.block, text: "node \(proposal.proposer) proposed"))
      for (block, nodes) in Dictionary(grouping: proposal.attestations, by: \.value)
      where nodes.contains(where: { $0.key != proposal.proposer }) {
        let names = nodes.map(\.key).filter { $0 != proposal.proposer }.sorted().map { "\($0)" }
        moments.append(Moment(block: block, text: "attested by \(names.joined(separator: ", "))"))
      }
    }
    if let outcome = settlement?.outcome {
      moments.append(Moment(block: outcome.block, text: "settled"))
      for event in outcome.events { moments.append(Moment(block: outcome.block, text: event)) }
    }
    // Equal blocks keep the order above.
    return moments.enumerated().sorted { ($0.element.block, $0.offset) < ($1.element.block, $1.offset) }.map(\.element)
  }

  private var elected: UInt32? { settlement?.elected }

  private struct Proposal {
    let proposer: UInt32
    let block: UInt64
    let attestations: [UInt32: UInt64]
    let voters: Int
  }

  /// As the chain has it, else as the database has it.
  private var proposal: Proposal? {
    if let submission = settlement?.submission {
      return Proposal(
        proposer: submission.proposer, block: submission.block,
        attestations: submission.attestations.mapValues(\.block),
        voters: submission.voterCount(in: account.proposalEpoch))
    }
    return account.submission.map {
      Proposal(proposer: $0.proposer, block: $0.block, attestations: $0.attestations, voters: $0.voters)
    }
  }

  // MARK: Verdicts

  private var verdicts: [[String]] {
    let scores = account.scores?.sheet
    return account.nodes.map { node in
      let judgement = scores?.judgements.first { $0.subnetNodeID == node.subnetNodeID }
      let score = scores?.scores.first { $0.subnetNodeID == node.subnetNodeID }
      let calls = account.observations.filter { $0.subnetNodeID == node.subnetNodeID }
      return [
        "\(node.subnetNodeID)", judgement?.verdict.rawValue ?? node.standing.rawValue,
        judgement?.reason.rawValue ?? "–",
        score.map { FixedU128(UInt128($0.score)).percent } ?? "–", "\(calls.count)", calls.last?.detail ?? "",
      ]
    }
  }

  // MARK: Outcome

  private var losses: [EpochLoss]? {
    guard let settlement, let own = account.epoch.ownNode else { return nil }
    return EpochLoss.all(own: own, settlement, account.duties)
  }

  private var outcome: [String] {
    var lines: [String] = []
    if let proposal {
      lines.append(
        "proposal: by node \(proposal.proposer) in block \(proposal.block), "
          + "\(proposal.attestations.count) of \(proposal.voters) attested")
    } else {
      lines.append("proposal: none is known")
    }
    if let factor = settlement?.submission?.rewardFactor {
      lines.append("proposer's reward factor: \(factor.percent)")
    }
    for course in account.duties {
      let record = course.record
      lines.append(
        "own duty: \(record.key.duty.rawValue), \(record.state.name)"
          + (record.state.reason.map { " (\($0)\(record.detail.map { ": \($0)" } ?? ""))" } ?? ""))
    }
    guard let settlement else {
      return lines + ["what it was worth: not looked up; give --rpc with a node of the chain"]
    }
    if let outcome = settlement.outcome {
      lines.append("stake: \(outcome.stakeBefore.tensor) → \(outcome.stakeAfter.tensor) TENSOR")
      lines.append("reputation: \(outcome.reputationBefore.percent) → \(outcome.reputationAfter.percent)")
    } else if let missing = settlement.missing {
      lines.append("what it was worth: \(missing)")
    }
    if let losses {
      lines +=
        losses.isEmpty
        ? ["lost: nothing"] : losses.map { "lost: \($0.amount.map { "\($0.tensor) TENSOR, " } ?? "")\($0.text)" }
    }
    return lines
  }

  private func percent(_ hundredths: UInt64) -> String { DevNetNarrator.percent(Int(hundredths)) }

  private var json: JSONValue {
    let outcome: JSONValue =
      settlement?.outcome.map { outcome in
        [
          "block": JSONValue(outcome.block), "stakeBefore": .string("\(outcome.stakeBefore)"),
          "stakeAfter": .string("\(outcome.stakeAfter)"), "reputationBefore": .string("\(outcome.reputationBefore)"),
          "reputationAfter": .string("\(outcome.reputationAfter)"),
          "events": .array(outcome.events.map { .string($0) }),
        ]
      } ?? .null
    let found: JSONValue =
      proposal.map { proposal in
        [
          "proposer": JSONValue(proposal.proposer), "block": JSONValue(proposal.block),
          "voters": JSONValue(proposal.voters),
          "attestations": .object(
            Dictionary(proposal.attestations.map { ("\($0.key)", JSONValue($0.value)) }) { first, _ in first }),
          "rewardFactor": settlement?.submission.map { .string("\($0.rewardFactor)") } ?? .null,
        ]
      } ?? .null
    return [
      "epoch": JSONValue(account.epoch.epoch), "subnet": account.identity.map { JSONValue($0.subnetID) } ?? .null,
      "node": account.epoch.ownNode.map { JSONValue($0) } ?? .null,
      "timeline": .array(timeline.map { ["block": JSONValue($0.block), "what": .string($0.text)] }),
      "verdicts": .array(
        verdicts.map { row in
          [
            "node": .string(row[0]), "verdict": .string(row[1]), "reason": .string(row[2]), "score": .string(row[3]),
          ]
        }), "proposal": found, "outcome": outcome,
      "duties": .array(
        account.duties.map { course in
          [
            "duty": .string(course.record.key.duty.rawValue), "state": .string(course.record.state.name),
            "reason": course.record.state.reason.map { .string($0) } ?? .null,
            "detail": course.record.detail.map { .string($0) } ?? .null,
          ]
        }),
      "losses": losses.map { losses in
        .array(
          losses.map { loss in
            ["amount": loss.amount.map { .string("\($0)") } ?? .null, "why": .string(loss.text)]
          })
      } ?? .null,
    ]
  }
}
