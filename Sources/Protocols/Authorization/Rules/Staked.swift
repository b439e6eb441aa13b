import LibP2P

/// The signer has its stake, in requests and in responses.
public struct Staked: AuthorizationRule {
  private let stake: any StakeVerifier
  private let minimum: NodeClass

  /// - Parameter minimum: the class that the signer's node must have reached.
  public init(_ stake: any StakeVerifier, atLeast minimum: NodeClass = .registered) {
    self.stake = stake
    self.minimum = minimum
  }

  public func judge(_ claim: SignedClaim) async throws(Refusal) {
    try await stake.require(claim.signerID, atLeast: minimum)
  }
}
