/// Sizes and times of one connection.
public struct RPCLimits: Sendable, Hashable {
  /// Largest answer to an ordinary call, in bytes.
  public var messageSize = 4 << 20
  /// Largest answer while a call that returns metadata is open, in bytes.
  public var metadataMessageSize = 16 << 20
  /// Largest request, in bytes. Substrate nodes take 15 MiB.
  public var requestSize = 4 << 20
  /// Requests without an answer, batches counted by their calls.
  public var pendingRequests = 8192
  /// Open subscriptions.
  public var subscriptions = 256
  /// Items that may wait for the reader of one subscription.
  public var subscriptionBuffer = RPCSubscription.defaultBufferLimit
  /// Bytes of JSON text of the items that may wait for the reader of one subscription.
  public var subscriptionBufferBytes = RPCSubscription.defaultBufferBytes
  /// Bytes that may wait for the socket.
  public var outboundBytes = 16 << 20
  /// Time for name, TCP, TLS and the WebSocket handshake together.
  public var connectTimeout = Duration.seconds(10)
  /// Time for an answer when the caller names none.
  public var callTimeout = Duration.seconds(30)
  /// Silence after which a ping is sent. Proxies cut connections idle for 30 s or more.
  public var pingInterval = Duration.seconds(15)
  /// Silence after a ping that means the other end is gone.
  public var pongTimeout = Duration.seconds(10)
  /// Depth and number of values in one message.
  public var json = JSONLimits()

  public init() {}

  /// The largest answer that `method` may have. Metadata alone is allowed to be large.
  func messageSize(for method: String, _ params: [JSONValue]) -> Int {
    let isMetadata =
      method == "state_getMetadata"
      || method == "state_call" && params.first?.stringValue?.hasPrefix("Metadata_") == true
    return isMetadata ? max(metadataMessageSize, messageSize) : messageSize
  }
}
