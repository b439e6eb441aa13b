/// Where answers about stake come from: the chain, or a stand-in for it.
public protocol StakeSource: Sendable {
  /// Asks about one peer at a finalized block.
  ///
  /// - Throws: whatever kept the question from being answered.
  func isStaked(_ peerID: String, _ requirement: StakeRequirement) async throws -> StakeAnswer
}

/// The chain's answer, and the block it holds for.
public struct StakeAnswer: Sendable, Hashable {
  public let isStaked: Bool
  public let block: BlockReference

  public init(isStaked: Bool, block: BlockReference) {
    self.isStaked = isStaked
    self.block = block
  }
}

/// Asks the chain's own proof-of-stake function, at the newest finalized block.
public struct ChainStakeSource: StakeSource {
  private let finalized: @Sendable () async throws -> BlockState

  /// - Parameter finalized: the state after the newest finalized block that is known.
  public init(finalized: @escaping @Sendable () async throws -> BlockState) {
    self.finalized = finalized
  }

  public init(_ client: ChainClient) {
    self.init { try await client.finalized() }
  }

  public func isStaked(_ peerID: String, _ requirement: StakeRequirement) async throws -> StakeAnswer {
    let state = try await finalized()
    return StakeAnswer(isStaked: try await state.proofOfStake(peerID, requirement), block: state.reference)
  }
}

extension BlockState {
  /// Whether the chain's proof of stake holds for a peer after this block.
  ///
  /// The runtime API is called directly, at this block, because the parameters of `network_proofOfStake`
  /// shift between generations without an error. Nothing of it proves that anybody owns the peer's key.
  public func proofOfStake(_ peerID: String, _ requirement: StakeRequirement) async throws -> Bool {
    let generation = try Generation(try await metadata())
    var writer = ScaleWriter(reserving: 80)
    writer.write(requirement.subnetID)
    // The chain keeps the text of the id; the bytes it stands for would be another key.
    writer.write(sequence: peerID.utf8)
    writer.write(requirement.minimumClass.rawValue)
    if generation != .a { writer.write(option: requirement.minimumStake) { $1.write($0.value) } }
    var reader = ScaleReader(try await callRaw("NetworkRuntimeApi_proof_of_stake", writer.bytes))
    let isStaked = try reader.readBool()
    try reader.finish()
    // Generation A knows no other minimum than the subnet's own.
    guard isStaked, generation == .a, let minimum = requirement.minimumStake else { return isStaked }
    let subnet = subnet(requirement.subnetID)
    guard let id = try await subnet.nodeID(peerID: peerID), let node = try await subnet.node(id) else { return true }
    return try await subnet.stake(of: node) >= minimum
  }
}
