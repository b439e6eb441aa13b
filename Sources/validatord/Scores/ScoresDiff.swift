import Substrate
import Validator

/// Own scores beside those that the elected node put on chain.
///
/// The nodes of a proposal are those of its own epoch: who joined since gets 0 in it and who left is not named, without
/// that being a difference. This validator knows them from its own window of calls in that epoch: who goes between the
/// proposal and that window is taken for one who left before.
struct ScoresDiff {
  /// What is known of an epoch's proposal.
  private struct Proposal {
    let submission: SubmissionRecord
    /// The nodes of the epoch of the proposal; nil while they are not known.
    let members: Set<UInt32>?
  }

  private var rows: [[ScoresTable.Cell]] = []
  /// The epochs that have rows.
  private var compared: Set<UInt32> = []
  private var differs = false

  init(_ store: Store, _ query: SummaryQuery) async throws {
    var proposals: [UInt32: Proposal?] = [:]
    for summary in try await store.summaries(query) {
      let known: Proposal?
      if let read = proposals[summary.epoch] {
        known = read
      } else {
        known = try await Self.proposal(summary.epoch, store)
        proposals[summary.epoch] = .some(known)
      }
      if let known, let own = summary.score { add(summary, FixedU128(UInt128(own.score)), known) }
    }
    guard query.peerID == nil else { return }
    for (epoch, proposal) in proposals.sorted(by: { $0.key > $1.key }) {
      guard let proposal, compared.contains(epoch) else { continue }
      let scored = Set(try await store.nodes(epoch).map(\.subnetNodeID))
      for entry in proposal.submission.scores where !scored.contains(entry.subnetNodeID) {
        if query.subnetNodeID ?? entry.subnetNodeID == entry.subnetNodeID { add(entry, of: epoch, proposal) }
      }
    }
  }

  private static func proposal(_ epoch: UInt32, _ store: Store) async throws -> Proposal? {
    guard let submission = try await store.submission(epoch &+ 1) else { return nil }
    let nodes = try await store.nodes(epoch &+ 1)
    return Proposal(submission: submission, members: nodes.isEmpty ? nil : Set(nodes.map(\.subnetNodeID)))
  }

  /// A node that this validator scored.
  private mutating func add(_ summary: NodeSummary, _ own: FixedU128, _ proposal: Proposal) {
    let state =
      switch summary.submitted {
      case own: "equal"
      case .some: "differs"
      case nil: proposal.members?.contains(summary.subnetNodeID) == false ? "left" : "missing"
      }
    add(
      summary.epoch, summary.subnetNodeID, own: own, submitted: summary.submitted, state, proposal,
      peer: summary.peerID)
  }

  /// What the proposal names and this validator did not score.
  private mutating func add(_ entry: ConsensusSubmission.Score, of epoch: UInt32, _ proposal: Proposal) {
    let isNewcomer = entry.score == 0 && proposal.members?.contains(entry.subnetNodeID) == true
    add(
      epoch, entry.subnetNodeID, own: nil, submitted: entry.score, isNewcomer ? "newcomer" : "foreign", proposal,
      peer: nil)
  }

  private mutating func add(
    _ epoch: UInt32, _ node: UInt32, own: FixedU128?, submitted: FixedU128?, _ state: String, _ proposal: Proposal,
    peer: String?
  ) {
    differs = differs || !["equal", "left", "newcomer"].contains(state)
    let submission = proposal.submission
    compared.insert(epoch)
    rows.append([
      .init(epoch), .init(node), .init(own.map { "\($0)" }), .init(submitted.map { "\($0)" }), .init(state),
      .init(submission.proposer), .init(submission.block),
      .init("\(submission.attestations.count)/\(submission.voters)"), .init(peer),
    ])
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
