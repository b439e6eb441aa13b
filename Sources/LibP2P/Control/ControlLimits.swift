/// What the clients of a control socket may use, and what a client lets its node use.
///
/// A client is a process; those limits that say so count its connections together.
public struct ControlLimits: Sendable {
  /// Connections with all clients, those that carry streams included.
  public var connections = 1024
  /// Connections of one client.
  public var connectionsPerClient = 640
  /// Bytes in the buffers of all connections.
  public var memory = 256 << 20
  /// The longest request outside a persistent connection, in bytes.
  public var requestLength = 64 << 10
  /// The longest message of a unary call, in bytes: what p2pd takes (mesh-wire.md §2.3).
  public var messageLength = 4 << 20
  /// Handlers of one client, each name counted.
  public var handlersPerClient = 256
  /// Unary calls that one client has under way, and as many that are handed to it.
  public var callsPerClient = 512
  /// Bytes of the requests of the calls that one client has under way.
  public var callBytesPerClient = 64 << 20
  /// Bytes queued for one persistent connection; room for a few of the longest messages.
  public var queuedBytes = 16 << 20
  /// A connection that takes none of the bytes queued for it for so long is cut.
  public var stallTime = Duration.seconds(30)
  /// How long a peer may take to send the request of a unary call.
  public var requestTime = Duration.seconds(30)
  /// How long a unary call may take, whoever calls.
  public var callTime = Duration.seconds(3600)
  /// How long connecting with a peer, and opening a stream, may take when the client names no time …
  public var dialTime = Duration.seconds(60)
  /// … and the most that it may name.
  public var longestDialTime = Duration.seconds(600)
  /// How long a client may take to accept a stream that is handed to it.
  public var acceptTime = Duration.seconds(5)

  public init() {}
}
