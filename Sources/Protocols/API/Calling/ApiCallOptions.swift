/// How long a call of a peer may take, and how much it may bring.
public struct ApiCallOptions: Sendable {
  /// How long the peer may stay silent.
  public var silence = Duration.seconds(60)
  /// How long the call may take in all; the peer is told if it understands. Nil sets no end.
  public var deadline: Duration?
  /// The longest body of the answer, in bytes; nil for the node's limit.
  public var maximumResponse: Int?
  /// The versions to offer, best first.
  public var versions = [ApiVersion.framed, .plain]

  /// Waits a minute for every sign of life.
  public init() {}
}
