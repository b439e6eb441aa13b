/// The signer is the peer that the secure channel authenticated: nobody passes on what another peer signed
/// (mesh-wire.md §3.12).
public struct BoundToPeer: AuthorizationRule {
  public init() {}

  public func judge(_ claim: SignedClaim) throws(Refusal) {
    guard claim.signerID == claim.call.remoteID else {
      throw Refusal(.signer, "\(claim.call.remoteID) sent a message that \(claim.signerID) signed")
    }
  }
}
