/// What an inference server takes on at a time.
public struct InferenceLimits: Sendable, Hashable {
  /// Requests that are computed at the same time, taking turns.
  public var running = 256
  /// How many of those may be one peer's: the others find room at any time.
  public var runningPerPeer = 192
  /// The tokens of their sequences in all, prompts and answers; a model holds keys and values of each. A request that
  /// is larger is computed alone.
  public var runningTokens = 16_384
  /// How many of those tokens may be one peer's, if it has more than one request.
  public var runningTokensPerPeer = 12_288
  /// Requests of one priority that wait. A crowd at one priority thus can't keep out those of another.
  public var waiting = 256
  /// How many waiting requests, of all priorities, may be one peer's.
  public var waitingPerPeer = 64
  /// The most tokens of a prompt that is kept waiting; the model may take fewer.
  public var promptTokens = 1 << 16
  /// The most tokens that one request may ask for.
  public var newTokens = 1024

  public init() {}

  /// - Parameters:
  ///   - running: as ``running``; three quarters of them may be one peer's.
  ///   - tokens: as ``runningTokens``; three quarters of them may be one peer's.
  public init(running: Int, tokens: Int) {
    (self.running, runningPerPeer) = (running, max(1, running - running / 4))
    (runningTokens, runningTokensPerPeer) = (tokens, tokens - tokens / 4)
  }
}
