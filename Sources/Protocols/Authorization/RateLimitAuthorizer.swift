/// Signed as ``SignatureAuthorizer`` demands, and not called more often than `rates` allow (mesh-wire.md §3.11).
public struct RateLimitAuthorizer: Authorizer {
  private let policy: Authorize

  public init(_ signer: MessageSigner, memory: ReplayMemory, rates: RateLimited = RateLimited()) {
    policy = Authorize(as: signer) {
      rates
      SignatureAuthorizer.rules(memory)
    }
  }

  public func authorize(_ call: P2PContext) async throws(Refusal) -> any CallAuthorization {
    try await policy.authorize(call)
  }
}
