/// Signed as ``SignatureAuthorizer`` demands, by a peer that has its stake (mesh-wire.md §4). The authorizer of the
/// daemons (D-6).
public struct ProofOfStakeAuthorizer: Authorizer {
  private let policy: Authorize

  /// - Parameter minimum: the class that the signer's node must have reached.
  public init(
    _ signer: MessageSigner, memory: ReplayMemory, stake: any StakeVerifier, atLeast minimum: NodeClass = .registered
  ) {
    policy = Authorize(as: signer) {
      SignatureAuthorizer.rules(memory)
      Staked(stake, atLeast: minimum)
    }
  }

  public func authorize(_ call: P2PContext) async throws(Refusal) -> any CallAuthorization {
    try await policy.authorize(call)
  }
}
