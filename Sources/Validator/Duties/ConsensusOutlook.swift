public import Substrate

/// What decides about a duty, all of it read at one block.
struct ConsensusOutlook: Sendable {
  /// A proposal on chain, and who attested to it.
  struct Proposal: Sendable {
    let record: SubmissionRecord
    /// By subnet node id; in generation C by validator id.
    let voters: Set<UInt32>
    /// The nodes that had to be in it.
    let members: Set<UInt32>
  }

  let block: UInt64
  let position: EpochPosition
  let elected: UInt32?
  let proposal: Proposal?
  /// The nodes that alone may act; nil without an emergency set.
  let emergency: Set<UInt32>?
  /// Whether the whole network is paused.
  let isPaused: Bool
  /// What the signing account can spend.
  let balance: Planck
  /// The nodes that have to be in a proposal made now.
  let members: Set<UInt32>
  let repeats: ScoreList.Repeats
}

extension LiveSubnet {
  /// Reads what decides about duties of an epoch at the best block.
  ///
  /// - Returns: nil before the subnet's first epoch.
  func outlook(_ epoch: UInt32, account: AccountID) async throws -> ConsensusOutlook? {
    let state = try await client.best()
    let subnet = state.subnet(identity.subnetID)
    guard let clock = try await subnet.clock(), let position = EpochClock(clock).position(of: state.number) else {
      return nil
    }
    async let elected = subnet.electedValidator(epoch: epoch)
    async let proposal = proposal(epoch, at: state)
    async let emergency = subnet.emergencyValidators()
    async let pause = state.value("Network", "TxPause")
    async let balance = state.account(account).spendable
    async let nodes = subnet.nodes()
    let generation = try Generation(try await state.metadata())
    return ConsensusOutlook(
      block: state.number, position: position, elected: try await elected, proposal: try await proposal,
      emergency: try await emergency.map(Set.init), isPaused: try await pause?.boolean() ?? false,
      balance: try await balance,
      members: Set(try await nodes.filter { $0.has(.included, at: epoch) }.map(\.id)),
      repeats: generation == .c ? .keepLowest : .dropAdjacent)
  }

  /// The proposal of an epoch; nil while there is none.
  func proposal(_ epoch: UInt32, at state: BlockState) async throws -> ConsensusOutlook.Proposal? {
    guard let submission = try await state.subnet(identity.subnetID).submission(epoch: epoch) else { return nil }
    let voters = submission.validatorIDs ?? submission.nodes.filter { $0.has(.validator, at: epoch) }.map(\.id)
    return ConsensusOutlook.Proposal(
      record: SubmissionRecord(submission, epoch: epoch), voters: Set(voters),
      members: Set(submission.nodes.filter { $0.has(.included, at: epoch) }.map(\.id)))
  }
}

extension SubnetNode {
  /// How submissions name the node: by its own id; in generation C by its validator's.
  public var voterID: UInt32 { validatorID ?? id }
}
