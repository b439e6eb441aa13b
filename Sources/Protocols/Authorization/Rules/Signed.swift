/// The signature is the signer's, over all of the message.
public struct Signed: AuthorizationRule {
  public init() {}

  public func judge(_ claim: SignedClaim) throws(Refusal) {
    guard try claim.isSignatureValid() else {
      throw Refusal(.signature, "a message in the name of \(claim.signerID) is not signed by it")
    }
  }
}
