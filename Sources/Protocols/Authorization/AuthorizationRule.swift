/// One thing that a call or its messages have to fulfil. ``Authorize`` composes rules.
public protocol AuthorizationRule: Sendable {
  /// Judges a call before its first message, on both sides.
  ///
  /// - Throws: ``Refusal``.
  func admit(_ call: P2PContext) async throws(Refusal)

  /// Judges a signed message that came in: a request at the servicer, a response at the client.
  ///
  /// - Throws: ``Refusal``.
  func judge(_ claim: SignedClaim) async throws(Refusal)
}

extension AuthorizationRule {
  public func admit(_ call: P2PContext) async throws(Refusal) {}
  public func judge(_ claim: SignedClaim) async throws(Refusal) {}
}

/// Collects rules in reading order.
@resultBuilder
public enum AuthorizationRules {
  public static func buildExpression(_ rule: any AuthorizationRule) -> [any AuthorizationRule] { [rule] }
  public static func buildExpression(_ rules: [any AuthorizationRule]) -> [any AuthorizationRule] { rules }
  public static func buildBlock(_ parts: [any AuthorizationRule]...) -> [any AuthorizationRule] {
    parts.flatMap(\.self)
  }
  public static func buildOptional(_ part: [any AuthorizationRule]?) -> [any AuthorizationRule] { part ?? [] }
  public static func buildEither(first part: [any AuthorizationRule]) -> [any AuthorizationRule] { part }
  public static func buildEither(second part: [any AuthorizationRule]) -> [any AuthorizationRule] { part }
}
