/// What a procedure may use, on either side of a call. Unary envelopes are limited by the wire, to 4 MiB.
///
/// A message under way takes its length in memory, so peers together can hold ``maximumMessageLength`` times
/// ``concurrentCalls`` of a procedure, and one of them that times ``concurrentCallsPerPeer``.
public struct CallLimits: Sendable {
  /// The longest message of a stream, in bytes. The published stack has no limit (mesh-wire.md §2.4): raise this for
  /// procedures with larger messages.
  public var maximumMessageLength = 4 << 20
  /// Calls that are served at a time, for all peers …
  public var concurrentCalls = 128
  /// … and for one peer.
  public var concurrentCallsPerPeer = 16
  /// How long the single or first request of a call may take to arrive.
  public var requestTimeout = Duration.seconds(30)

  public init() {}
}
