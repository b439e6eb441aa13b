/// Signs this node's messages and holds those of others against rules, in the order in which they are written:
///
///     Authorize(as: signer) {
///       BoundToPeer()
///       Audience()
///       Fresh(within: 60)
///       NotReplayed(in: memory)
///       Signed()
///       Staked(stakes)
///       RateLimited()
///     }
///
/// Cheap rules belong before slow ones. A message's signature is always verified: without ``Signed`` among the rules,
/// after all of them.
public struct Authorize: Authorizer {
  private let signer: MessageSigner
  private let rules: [any AuthorizationRule]
  private let keys = KnownKeys()

  public init(as signer: MessageSigner, @AuthorizationRules _ rules: () -> [any AuthorizationRule]) {
    self.signer = signer
    let rules = rules()
    self.rules = rules.contains { $0 is Signed } ? rules : rules + [Signed()]
  }

  public func authorize(_ call: P2PContext) async throws(Refusal) -> any CallAuthorization {
    for rule in rules { try await rule.admit(call) }
    return AuthorizedCall(call, signer: signer, rules: rules, keys: keys)
  }
}
