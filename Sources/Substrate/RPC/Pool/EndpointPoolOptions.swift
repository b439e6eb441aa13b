public import Logging

/// How a pool judges and uses its endpoints.
public struct EndpointPoolOptions: Sendable {
  /// The hash of block 0 of the chain wanted, `0x…`. Nil pins that of the first endpoint that answers.
  public var genesisHash: String?
  /// Sizes, times and trust of each connection.
  public var connection: RPCConnectionOptions
  /// Time for a call with all its attempts.
  public var callTimeout = Duration.seconds(30)
  /// Time for one attempt, after which a read goes to another endpoint.
  public var attemptTimeout = Duration.seconds(8)
  /// Blocks behind the best head at which an endpoint is used only if there is no better one.
  public var lagLimit: UInt64 = 3
  /// Silence about new best heads after which an endpoint counts as half-dead. Blocks come every 6 s.
  public var headDeadline = Duration.seconds(60)
  /// Silence about new finalized heads after which an endpoint counts as half-dead.
  public var finalityDeadline = Duration.seconds(180)
  /// How often an HTTP endpoint is asked for its heads.
  public var pollInterval = Duration.seconds(3)
  /// Failures in a row after which the connection is thrown away.
  public var failureLimit = 3
  /// Pauses after failures.
  public var backOff = BackOff()

  /// The longest pause that a Retry-After is granted.
  public var retryAfterLimit = Duration.seconds(300)
  /// Blocks by which an endpoint may be ahead of two others that agree before it is not believed.
  public var outlierLead: UInt64 = 1000

  public var logger: Logger { connection.logger }

  public init(genesisHash: String? = nil, connection: RPCConnectionOptions = RPCConnectionOptions()) {
    self.genesisHash = genesisHash
    self.connection = connection
  }
}
