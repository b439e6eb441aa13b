import Substrate

/// The two calls that hotkeys sign once per epoch (spec/chain.md §6, 7).
extension Network {
  static func proposeAttestation(
    _ runtime: inout Runtime, _ origin: Origin, _ subnet: UInt32, _ scores: [SubnetNodeScore],
    _ prioritizeQueueNode: UInt32?, _ removeQueueNode: UInt32?, _ arguments: Bytes4096?, _ attestData: Bytes4096?
  ) throws {
    let hotkey = try runtime.signer(origin)
    guard let moment = runtime.moment(of: subnet) else { throw NetworkError.subnetEpochDataIsNone }
    guard let elected = runtime.storage.stored(items.subnetElectedValidator(subnet, moment.epoch)) else {
      throw NetworkError.noElectedValidator
    }
    try runtime.require(
      runtime.storage.stored(items.subnetNodeIdHotkey(subnet, elected)) == hotkey, .invalidValidator)
    let slot = items.subnetConsensusSubmission(subnet, moment.epoch)
    try runtime.require(!runtime.storage.contains(slot), .subnetRewardsAlreadySubmitted)

    var proposal = ConsensusData()
    proposal.validatorID = elected
    proposal.block = runtime.block
    proposal.progress = moment.progress
    proposal.rewardFactor = runtime.proposerFactor(at: moment.progress)
    proposal.scores = try normalized(scores, runtime, subnet, moment.epoch)
    proposal.nodes = runtime.storage.entries(items.subnetNodesData, under: subnet.encoded).map(\.value)
      .filter { $0.has(.idle, at: moment.epoch) }
    var own = AttestEntry()
    own.block = runtime.block
    own.rewardFactor = FixedPoint.one
    own.data = attestData
    proposal.attests[elected] = own
    proposal.arguments = arguments
    let queue = runtime.storage[items.subnetNodeQueue(subnet)]
    proposal.prioritizeQueueNodeID = prioritizeQueueNode.flatMap { id in queue.contains { $0.id == id } ? id : nil }
    let immunity = runtime.storage[items.queueImmunityEpochs(subnet)]
    proposal.removeQueueNodeID = removeQueueNode.flatMap { id in
      queue.contains { $0.id == id && $0.classification.startEpoch.saturatingAdding(immunity) <= moment.epoch }
        ? id : nil
    }
    runtime.storage.set(slot, proposal)
    runtime.deposit(index, events.validatorSubmission(subnet, hotkey, moment.epoch))
    runtime.isFree = true
  }

  /// Drops repeats that stand side by side and nodes that may not be scored. A repeat elsewhere stays, and counts in
  /// the sum.
  private static func normalized(
    _ scores: [SubnetNodeScore], _ runtime: Runtime, _ subnet: UInt32, _ epoch: UInt32
  ) throws(NetworkError) -> [SubnetNodeScore] {
    var kept: [SubnetNodeScore] = []
    var previous: UInt32?
    var sum: UInt128 = 0
    for score in scores where score.subnetNodeID != previous {
      previous = score.subnetNodeID
      let node = runtime.storage.stored(items.subnetNodesData(subnet, score.subnetNodeID))
      guard node?.has(.included, at: epoch) == true else { continue }
      let (next, overflow) = sum.addingReportingOverflow(score.score)
      try runtime.require(!overflow, .scoreOverflow)
      sum = next
      kept.append(score)
    }
    return kept
  }

  static func attest(
    _ runtime: inout Runtime, _ origin: Origin, _ subnet: UInt32, _ data: Bytes4096?
  ) throws {
    let hotkey = try runtime.signer(origin)
    let epoch = runtime.subnetEpoch(subnet)
    guard let id = runtime.storage.stored(items.hotkeySubnetNodeId(subnet, hotkey)) else {
      throw NetworkError.invalidHotkeySubnetNodeId
    }
    guard let node = runtime.storage.stored(items.subnetNodesData(subnet, id)) else {
      throw NetworkError.invalidSubnetNodeId
    }
    try runtime.require(node.has(.validator, at: epoch), .invalidSubnetNodeClassification)
    if let emergency = runtime.storage.stored(items.emergencySubnetNodeElectionData(subnet)) {
      try runtime.require(emergency.subnetNodeIDs.contains(id), .invalidEmergencySubnetNodeId)
    }
    let slot = items.subnetConsensusSubmission(subnet, epoch)
    guard var proposal = runtime.storage.stored(slot) else { throw NetworkError.invalidSubnetConsensusSubmission }
    try runtime.require(proposal.nodes.contains { $0.id == id }, .invalidSubnetNodeId)
    guard let progress = runtime.progress(sinceProposalAt: proposal.block, in: subnet) else {
      throw NetworkError.subnetEpochDataIsNone
    }
    try runtime.require(proposal.attests[id] == nil, .alreadyAttested)
    var entry = AttestEntry()
    entry.block = runtime.block
    entry.progress = progress
    entry.rewardFactor = runtime.attestorFactor(at: progress)
    entry.data = data
    proposal.attests[id] = entry
    runtime.storage.set(slot, proposal)
    runtime.deposit(index, events.attestation(subnet, id, epoch))
    runtime.isFree = true
  }
}

extension Runtime {
  /// What a proposal's reward is multiplied with, by how much of the epoch had passed.
  func proposerFactor(at progress: UInt128) -> UInt128 {
    min(
      FixedPoint.ratio(
        FixedPoint.fallingSigmoid(
          FixedPoint.double(progress), middle: FixedPoint.double(storage[Network.items.validatorRewardMidpoint()]),
          steepness: Double(storage[Network.items.validatorRewardK()]))), FixedPoint.one)
  }

  /// What an attestor's reward is multiplied with, by how much of the time since the proposal had passed.
  func attestorFactor(at progress: UInt128) -> UInt128 {
    min(
      FixedPoint.ratio(
        FixedPoint.concaveFall(
          FixedPoint.double(progress), low: FixedPoint.double(storage[Network.items.attestorMinRewardFactor()]),
          high: 1, power: Double(storage[Network.items.attestorRewardExponent()]))), FixedPoint.one)
  }
}
