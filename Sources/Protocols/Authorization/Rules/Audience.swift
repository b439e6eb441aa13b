/// A request that says whom it is meant for is meant for this node. Keys are compared, not their texts.
public struct Audience: AuthorizationRule {
  public init() {}

  public func judge(_ claim: SignedClaim) throws(Refusal) {
    guard let audience = claim.request?.audience, !audience.isEmpty else { return }
    guard let key = try? claim.keys.verifier(audience).key, key == claim.ownKey else {
      throw Refusal(.audience, "a request of \(claim.call.remoteID) is meant for another node")
    }
  }
}
