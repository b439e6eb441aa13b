/// What the elected node proposed for an epoch, and who attested to it.
public struct ConsensusSubmission: Sendable, Hashable {
  /// A node's score; only its share of the sum counts.
  public struct Score: Sendable, Hashable, Codable {
    public let subnetNodeID: UInt32
    public let score: FixedU128

    public init(subnetNodeID: UInt32, score: FixedU128) {
      self.subnetNodeID = subnetNodeID
      self.score = score
    }
  }

  public struct Attestation: Sendable, Hashable {
    public let block: UInt64
    public let rewardFactor: FixedU128
    public let data: [UInt8]?
  }

  /// The subnet node id of the proposer; in generation C its validator id.
  public let proposer: UInt32
  public let block: UInt64
  public let rewardFactor: FixedU128
  /// By subnet node id, the proposer's own included; in generation C by validator id.
  public let attestations: [UInt32: Attestation]
  /// The nodes that were in the subnet at the proposal.
  public let nodes: [SubnetNode]
  public let scores: [Score]
  public let prioritizeQueueNodeID: UInt32?
  public let removeQueueNodeID: UInt32?
  public let arguments: [UInt8]?
  /// Generation C: the validators whose attestations count.
  public let validatorIDs: [UInt32]?

  /// How many there are whose attestations count: the validators of the epoch; a node whose class counts only later is
  /// none of them.
  public func voterCount(in epoch: UInt32) -> Int {
    validatorIDs?.count ?? nodes.count { $0.has(.validator, at: epoch) }
  }
}

extension ConsensusSubmission {
  init(_ value: ScaleValue) throws(ScaleError) {
    proposer = try value.field("validator_id") { v throws(ScaleError) in try v.integer() }
    block = try value.field("block") { v throws(ScaleError) in try v.integer() }
    rewardFactor = try value.field("validator_reward_factor") { v throws(ScaleError) in try FixedU128(v) }
    let entries = try value.field("attests") { v throws(ScaleError) in
      try v.map { pair throws(ScaleError) in
        let parts = try pair.elements()
        guard parts.count == 2 else { throw ScaleError(.mismatch, "an attestation is a pair") }
        return (try parts[0].integer(as: UInt32.self), try Attestation(parts[1]))
      }
    }
    attestations = Dictionary(entries) { first, _ in first }
    nodes = try value.field("subnet_nodes") { v throws(ScaleError) in
      try v.map { v throws(ScaleError) in try SubnetNode(v) }
    }
    scores = try value.field("data") { v throws(ScaleError) in
      try v.map { v throws(ScaleError) in
        Score(subnetNodeID: try v.field("subnet_node_id").integer(), score: try FixedU128(v.field("score")))
      }
    }
    prioritizeQueueNodeID = try value.field("prioritize_queue_node_id").optional { v throws(ScaleError) in
      try v.integer()
    }
    removeQueueNodeID = try value.field("remove_queue_node_id").optional { v throws(ScaleError) in try v.integer() }
    arguments = try value.field("args").optionalBytes()
    validatorIDs = try value.field(ifPresent: "validator_ids")?.map { v throws(ScaleError) in try v.integer() }
  }
}

extension ConsensusSubmission.Attestation {
  init(_ value: ScaleValue) throws(ScaleError) {
    block = try value.field("block") { v throws(ScaleError) in try v.integer() }
    rewardFactor = try value.field("reward_factor") { v throws(ScaleError) in try FixedU128(v) }
    data = try value.field("data").optionalBytes()
  }
}
