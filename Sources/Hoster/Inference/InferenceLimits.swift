/// What an inference server takes on at a time.
public struct InferenceLimits: Sendable, Hashable {
  /// Requests that are computed at the same time, taking turns. Each holds keys and values of its whole sequence.
  public var running = 16
  /// How many of those may be one peer's.
  public var runningPerPeer = 8
  /// Requests of one priority that wait. A crowd at one priority thus can't keep out those of another.
  public var waiting = 256
  /// How many waiting requests, of all priorities, may be one peer's.
  public var waitingPerPeer = 32
  /// The most tokens of a prompt that is kept waiting; the model may take fewer.
  public var promptTokens = 1 << 16
  /// The most tokens that one request may ask for.
  public var newTokens = 1024

  public init() {}
}
