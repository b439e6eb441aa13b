public import LibP2P

/// A request that a peer made, with the route that it names.
public struct ApiCall: Sendable {
  /// Who calls: the peer that the secure channel authenticated.
  public let peer: PeerID
  /// What is called.
  public let route: ServedRoute
  /// What the peer sent.
  public let request: ApiRequest
  /// The node's limits, for what the route does not set.
  public let limits: ApiLimits
}
