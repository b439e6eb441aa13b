import Substrate
import Validator

/// What the chain has of an epoch's scores: the proposal, the attestations, and what they were worth.
struct EpochSettlement: Sendable {
  /// The epoch of the proposal.
  let epoch: UInt32
  let elected: UInt32?
  /// This validator's node; nil if it had none.
  let own: UInt32?
  let submission: ConsensusSubmission?
  let parameters: ConsensusParameters
  /// Nil while the epoch of the proposal lasts, or where the state is gone.
  let outcome: Outcome?
  /// Why there is no outcome.
  let missing: String?

  /// The id by which the submission names this validator's node, in generation C that of its validator; nil if the node
  /// was not in the subnet.
  var ownVoter: UInt32? { submission?.nodes.first { $0.id == own }?.voterID }

  /// Whether the proposal is of this validator's node. In generation C a validator may have several nodes, and the
  /// proposal names it alone.
  var isOwnProposal: Bool {
    guard let submission, let ownVoter else { return false }
    return submission.proposer == ownVoter && (submission.validatorIDs == nil || elected == own)
  }

  /// What the settling block did with this validator's node.
  struct Outcome: Sendable {
    let block: UInt64
    let stakeBefore: Planck
    let stakeAfter: Planck
    let reputationBefore: FixedU128
    let reputationAfter: FixedU128
    /// What the block took from the stake, by its event; nil if it tells of no slash.
    let slash: Planck?
    /// How the block changed the reputation, by its events; nil if it tells of no change.
    let reputationChange: NodeHealth.ReputationChange?
    /// Events of the block that are about the node or its subnet, by name.
    let events: [String]
  }
}

extension EpochSettlement {
  /// - Throws: what the chain's client throws if the chain can't be reached at all.
  init(_ account: EpochAccount, _ client: ChainClient) async throws {
    guard let subnetID = account.identity?.subnetID else {
      throw CommandError("explain.unbound", "the database does not say of which subnet it is", status: .failed)
    }
    let head = try await client.finalized()
    let state =
      head.number > account.settlementBlock ? (try? await client.at(number: account.settlementBlock)) ?? head : head
    let subnet = state.subnet(subnetID)
    epoch = account.proposalEpoch
    elected = try await subnet.electedValidator(epoch: account.proposalEpoch)
    submission = try await subnet.submission(epoch: account.proposalEpoch)
    own = account.epoch.ownNode
    parameters = try await state.consensusParameters()
    guard head.number >= account.settlementBlock else {
      (outcome, missing) = (nil, "block \(account.settlementBlock), which settles it, is not final yet")
      return
    }
    do {
      outcome = try await Self.outcome(account, subnetID, client)
      missing = outcome == nil ? Self.absence(account) : nil
    } catch let error as any SubstrateError {
      (outcome, missing) = (
        nil, "the endpoint has not kept the state of block \(account.settlementBlock): \(error.message)"
      )
    }
  }

  private static func absence(_ account: EpochAccount) -> String {
    guard let own = account.epoch.ownNode else { return "this validator had no node" }
    return "node \(own) was not in the subnet any more when block \(account.settlementBlock) settled it"
  }

  private static func outcome(
    _ account: EpochAccount, _ subnetID: UInt32, _ client: ChainClient
  ) async throws -> Outcome? {
    guard let own = account.epoch.ownNode else { return nil }
    let settled = try await client.at(number: account.settlementBlock)
    let before = try await client.at(settled.header.parent).subnet(subnetID)
    let after = settled.subnet(subnetID)
    guard let node = try await before.node(own) else { return nil }
    let all = try await settled.events()
    let hotkey = try await before.hotkey(of: node)
    let events = all.filter { event in
      event.phase == .initialization && event.pallet == "Network" && names.contains(event.name)
        && Self.isAbout(event, subnetID)
    }
    return Outcome(
      block: settled.number, stakeBefore: try await before.stake(of: node), stakeAfter: try await after.stake(of: node),
      reputationBefore: try await before.reputation(of: own), reputationAfter: try await after.reputation(of: own),
      slash: hotkey.flatMap { hotkey in all.lazy.compactMap { $0.slash(of: hotkey, in: subnetID) }.last },
      reputationChange: NodeHealth.ReputationChange(of: own, in: subnetID, all, block: settled.number),
      events: events.map { "\($0.name) \($0.content.json.tableText)" })
  }

  private static let names: Set<String> = [
    "Slashing", "NodeReputationUpdate", "SubnetReputationUpdate", "NodeClassGraduation", "SubnetNodeRemoved",
  ]

  private static func isAbout(_ event: EventRecord, _ subnet: UInt32) -> Bool {
    guard let id: UInt32 = try? event.content.field("subnet_id").integer() else { return false }
    return id == subnet
  }
}
