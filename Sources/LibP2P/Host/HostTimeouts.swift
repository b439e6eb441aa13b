public import NIOCore

/// How long the phases of a connection and stream may take.
public struct HostTimeouts: Sendable {
  /// A TCP connect.
  public var connect = TimeAmount.seconds(5)
  /// Security and muxer negotiation, the handshake and the gater's answer together (threats.md part 2).
  public var upgrade = TimeAmount.seconds(10)
  /// A single phase of the upgrade: negotiation or handshake.
  public var phase = TimeAmount.seconds(5)
  /// All attempts to reach a peer together.
  public var dial = TimeAmount.seconds(20)
  /// The next address is tried when the one before has not answered for so long (RFC 8305 §5).
  public var attemptDelay = TimeAmount.milliseconds(250)
  /// The protocol negotiation of a stream.
  public var negotiation = TimeAmount.seconds(10)
  /// What a peer says about itself, from the stream's beginning to its end (threats.md part 3).
  public var identify = TimeAmount.seconds(5)
  /// What is allowed between our end of a stream and the peer's, while nothing moves.
  public var linger = TimeAmount.seconds(60)
  /// A connection that lost against another one with the same peer is closed when unused for so long.
  public var supersededIdle = TimeAmount.seconds(2)
  /// The peer may take the last bytes of a connection for so long.
  public var farewell = TimeAmount.seconds(1)
  /// Streams may finish for so long at shutdown.
  public var shutdown = TimeAmount.seconds(5)

  public init() {}
}
