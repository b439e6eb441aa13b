/// What a procedure may use, on either side of a call. Unary envelopes are limited by the wire, to 4 MiB.
public struct RPCLimits: Sendable {
  /// The longest message of a stream, in bytes. The published stack has no limit; messages of 20 MiB are known to
  /// pass there (mesh-wire.md §2.4).
  public var maximumMessageLength = 32 << 20
  /// Calls that are served at a time, for all peers …
  public var concurrentCalls = 512
  /// … and for one peer.
  public var concurrentCallsPerPeer = 32
  /// How long the single request of a call may take to arrive.
  public var requestTimeout = Duration.seconds(30)

  public init() {}
}
