/// A request comes once. Its nonce is reserved here, so this rule belongs behind ``BoundToPeer``, or a peer could use
/// up another one's nonces, and before what is slow, or copies that come meanwhile would pass.
public struct NotReplayed: AuthorizationRule {
  private let memory: ReplayMemory

  /// - Parameter memory: one for all protocols of the process.
  public init(in memory: ReplayMemory) { self.memory = memory }

  public func judge(_ claim: SignedClaim) throws(Refusal) {
    guard claim.request != nil else { return }
    try memory.reserve(claim.nonce, of: claim.call.remoteID)
  }
}
