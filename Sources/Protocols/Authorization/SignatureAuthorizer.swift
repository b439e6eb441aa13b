/// Signed in both directions: by the peer that sends it, for this node, just now, once (mesh-wire.md §3).
public struct SignatureAuthorizer: Authorizer {
  private let policy: Authorize

  public init(_ signer: MessageSigner, memory: ReplayMemory) {
    policy = Authorize(as: signer) { SignatureAuthorizer.rules(memory) }
  }

  /// What the authorizers of this library have in common.
  @AuthorizationRules
  public static func rules(_ memory: ReplayMemory) -> [any AuthorizationRule] {
    BoundToPeer()
    Audience()
    Fresh()
    NotReplayed(in: memory)
    Signed()
  }

  public func authorize(_ call: P2PContext) async throws(Refusal) -> any CallAuthorization {
    try await policy.authorize(call)
  }
}
