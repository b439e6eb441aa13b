import Substrate

/// A node's score in a proposal; only its share of the sum counts.
struct SubnetNodeScore: RuntimeStruct {
  static let path = NetworkPath.of("SubnetNodeConsensusData")
  static let fields: [StructField<SubnetNodeScore>] = [
    .init("subnet_node_id", \.subnetNodeID), .init("score", \.score),
  ]

  var subnetNodeID: UInt32 = 0
  var score: UInt128 = 0
}

/// One node's agreement with a proposal.
struct AttestEntry: RuntimeStruct {
  static let path = NetworkPath.of("AttestEntry")
  static let fields: [StructField<AttestEntry>] = [
    .init("block", \.block), .init("attestor_progress", \.progress), .init("reward_factor", \.rewardFactor),
    .init("data", \.data),
  ]

  var block: UInt32 = 0
  var progress: UInt128 = 0
  var rewardFactor: UInt128 = 0
  var data: Bytes4096?
}

/// What the elected node proposed for an epoch, and who agreed.
struct ConsensusData: RuntimeStruct {
  static let path = NetworkPath.of("ConsensusData")
  static let fields: [StructField<ConsensusData>] = [
    .init("validator_id", \.validatorID), .init("block", \.block), .init("validator_epoch_progress", \.progress),
    .init("validator_reward_factor", \.rewardFactor), .init("attests", \.attests), .init("subnet_nodes", \.nodes),
    .init("prioritize_queue_node_id", \.prioritizeQueueNodeID), .init("remove_queue_node_id", \.removeQueueNodeID),
    .init("data", \.scores), .init("args", \.arguments),
  ]

  var validatorID: UInt32 = 0
  var block: UInt32 = 0
  var progress: UInt128 = 0
  var rewardFactor: UInt128 = 0
  var attests = SortedMap<UInt32, AttestEntry>()
  var nodes: [SubnetNode] = []
  var prioritizeQueueNodeID: UInt32?
  var removeQueueNodeID: UInt32?
  var scores: [SubnetNodeScore] = []
  var arguments: Bytes4096?
}

/// What an epoch pays, and the part of each subnet.
struct EmissionWeights: RuntimeStruct {
  static let path = NetworkPath.of("DistributionData")
  static let fields: [StructField<EmissionWeights>] = [
    .init("validator_emissions", \.validatorEmissions), .init("weights", \.weights),
  ]

  var validatorEmissions: UInt128 = 0
  var weights = SortedMap<UInt32, UInt128>()

  init() {}

  init(validatorEmissions: UInt128, weights: SortedMap<UInt32, UInt128>) {
    self.validatorEmissions = validatorEmissions
    self.weights = weights
  }
}

/// The nodes that alone may be elected and attest while a subnet recovers.
struct EmergencyValidators: RuntimeStruct {
  static let path = NetworkPath.of("EmergencySubnetValidatorData")
  static let fields: [StructField<EmergencyValidators>] = [
    .init("subnet_node_ids", \.subnetNodeIDs), .init("target_emergency_validators_epochs", \.targetEpochs),
    .init("max_emergency_validators_epoch", \.lastEpoch), .init("total_epochs", \.totalEpochs),
  ]

  var subnetNodeIDs: [UInt32] = []
  var targetEpochs: UInt32 = 0
  var lastEpoch: UInt32 = 0
  var totalEpochs: UInt32 = 0
}
