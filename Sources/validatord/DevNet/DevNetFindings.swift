import Substrate
import Validator

/// What a run of the network has to show, and whether it did.
struct DevNetFindings: Sendable {
  struct Finding: Sendable, Hashable {
    /// A stable name for scripts.
    let name: String
    let isMet: Bool
    let text: String
  }

  let findings: [Finding]

  var areAllMet: Bool { findings.allSatisfy(\.isMet) }

  /// What one validator's database says of the epochs that were proposed.
  struct Record: Sendable {
    let validator: String
    /// By epoch that was scored.
    let scores: [UInt32: [UInt32: UInt64]]
    /// Of the stored scores, by epoch.
    let digests: [UInt32: Digest32]
    /// Epochs whose scores come out again from the evidence.
    let recomputed: Set<UInt32>
  }

  /// - Parameters:
  ///   - epochs: those that had to end with consensus, as the chain has them.
  ///   - records: one for each validator.
  init(_ epochs: [DevNetEpoch], _ records: [Record], _ plan: DevNetPlan, wanted: UInt32) {
    // The scores of an epoch are proposed in the next one.
    let scored = epochs.map(\.scored)
    findings = [
      Self.consensus(epochs, wanted: wanted), Self.unfair(epochs, records, scored, plan),
      Self.agreement(records, scored), Self.recomputation(records, scored), Self.sameAsChain(epochs, records),
    ]
  }

  private static func consensus(_ epochs: [DevNetEpoch], wanted: UInt32) -> Finding {
    let reached = epochs.filter(\.hasConsensus)
    let ratios = epochs.map { epoch in
      "epoch \(epoch.epoch) \(epoch.proposal.map { DevNetNarrator.percent($0.ratio) } ?? "without a proposal")"
    }
    return Finding(
      name: "consensus", isMet: reached.count == Int(wanted) && epochs.count == Int(wanted),
      text: "\(reached.count) of \(wanted) epochs reached 66 % of the validators: \(ratios.joined(separator: ", "))")
  }

  private static func unfair(
    _ epochs: [DevNetEpoch], _ records: [Record], _ scored: [UInt32], _ plan: DevNetPlan
  ) -> Finding {
    let honest = plan.nodes.filter { $0.role == .hoster }.compactMap(\.id)
    let unfair = plan.nodes.filter { $0.role == .liar || $0.role == .silent }
    var wrong: [String] = []
    for (epoch, proposed) in zip(scored, epochs) {
      let sheets =
        records.map { ($0.validator, $0.scores[epoch] ?? [:]) }
        + [("the chain", (proposed.proposal?.scores ?? [:]).mapValues { UInt64(clamping: $0.value) })]
      for (source, scores) in sheets {
        guard let least = honest.map({ scores[$0] ?? 0 }).min() else { continue }
        for node in unfair where node.id.map({ (scores[$0] ?? 0) >= least }) ?? true {
          wrong.append("\(node.name) in epoch \(epoch) by \(source)")
        }
      }
    }
    let names = unfair.map(\.name).joined(separator: " and ")
    return Finding(
      name: "unfair-hosters", isMet: wrong.isEmpty && !scored.isEmpty,
      text: wrong.isEmpty
        ? "\(names) scored lower than every honest hoster, in every epoch, everywhere"
        : "not lower than the honest hosters: \(wrong.joined(separator: ", "))")
  }

  private static func agreement(_ records: [Record], _ scored: [UInt32]) -> Finding {
    let apart = scored.filter { epoch in
      let digests = records.map { $0.digests[epoch] }
      return digests.contains(nil) || Set(digests).count != 1
    }
    return Finding(
      name: "agreement", isMet: apart.isEmpty && !scored.isEmpty,
      text: apart.isEmpty
        ? "the databases of all \(records.count) validators hold the same scores to the byte"
        : "the databases differ, or lack scores, in the epochs \(list(apart))")
  }

  private static func recomputation(_ records: [Record], _ scored: [UInt32]) -> Finding {
    let wrong = records.filter { !$0.recomputed.isSuperset(of: scored) }.map(\.validator)
    return Finding(
      name: "recomputation", isMet: wrong.isEmpty && !scored.isEmpty,
      text: wrong.isEmpty
        ? "every database gives the same scores again from its evidence"
        : "scores don't come out again from the evidence of \(wrong.joined(separator: ", "))")
  }

  /// What was proposed is what each validator stored, for all nodes that were scored.
  private static func sameAsChain(_ epochs: [DevNetEpoch], _ records: [Record]) -> Finding {
    let wrong = epochs.filter { epoch in
      guard let proposed = epoch.proposal?.scores else { return true }
      return records.contains { record in
        record.scores[epoch.scored].map {
          $0.mapValues { FixedU128(UInt128($0)) } != proposed
        } ?? true
      }
    }
    return Finding(
      name: "on-chain", isMet: wrong.isEmpty && !epochs.isEmpty,
      text: wrong.isEmpty
        ? "what stands on chain is what every validator found out for itself"
        : "chain and databases differ in the epochs \(list(wrong.map(\.epoch)))")
  }

  private static func list(_ epochs: [UInt32]) -> String { epochs.map { "\($0)" }.joined(separator: ", ") }
}

extension DevNetFindings.Record {
  /// Reads what a database has of some epochs.
  init(_ validator: String, _ store: Store, _ epochs: [UInt32]) async throws {
    var (scores, digests): ([UInt32: [UInt32: UInt64]], [UInt32: Digest32]) = ([:], [:])
    var recomputed: Set<UInt32> = []
    for epoch in epochs {
      guard let stored = try await store.scores(epoch) else { continue }
      scores[epoch] = Dictionary(stored.sheet.scores.map { ($0.subnetNodeID, $0.score) }) { first, _ in first }
      digests[epoch] = stored.scoresDigest
      if (try? await store.recompute(epoch))??.isIdentical == true { recomputed.insert(epoch) }
    }
    self.init(validator: validator, scores: scores, digests: digests, recomputed: recomputed)
  }
}
