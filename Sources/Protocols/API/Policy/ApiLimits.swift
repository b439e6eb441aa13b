import NIOCore

/// The bounds of the API protocol on one node. Routes may set their own where ``ApiRoute`` has a property for it.
public struct ApiLimits: Sendable {
  /// The longest request, in bytes, without its length.
  public var maximumRequest = ApiRequest.maximumLength
  /// The longest body of an answer, in bytes, served or received.
  public var maximumResponse = 10 << 20
  /// How long the server behind a route may stay silent, and a caller may take nothing.
  public var timeout = Duration.seconds(30)
  /// How long a call may take in all.
  public var deadline = Duration.seconds(3_600)
  /// How long a caller may take to send its request, and to take the word of a failure.
  public var requestTimeout = Duration.seconds(10)
  /// Calls served at a time. Each may hold a request, and the unary answer to a published node.
  public var concurrency = 256
  /// Calls of one peer served at a time.
  public var peerConcurrency = 32
  /// How often one peer may call; 200 times at once and 100 a second. Routes may allow less.
  public var peerRate = RateLimited.Rate(burst: 200, interval: .milliseconds(10))
  /// How often all peers together may call; 2,000 times at once and 1,000 a second.
  public var rate = RateLimited.Rate(burst: 2_000, interval: .milliseconds(1))
  /// Methods that callers may use.
  public var allowedMethods = ["GET", "POST"]
  /// Request headers that callers may set.
  public var allowedHeaders = ["accept", "content-type"]
  /// Whether py-libp2p peers may get answers and requests beyond their window in one frame, which they bear up to
  /// ``PlainAnswer/maximumFrame`` although Yamux forbids it. Without it they can't be told, or tell, more than a
  /// window holds in a unary call (subnet-wire.md §4.3).
  public var exceedsWindows = false

  /// The published limits.
  public init() {}
}
