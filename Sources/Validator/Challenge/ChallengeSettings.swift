/// How hosters are called. Source: spec/epoch.md §5.
public struct ChallengeSettings: Sendable, Hashable {
  /// Tensors of an epoch; each hoster is asked all of them.
  public var probes: UInt16 = 1
  /// Token ids of a prompt.
  public var promptLength = 32
  /// How many token ids the subnet's model has.
  public var vocabulary: UInt32 = 50_257
  /// Tokens that are asked for.
  public var maximumNewTokens: Int32 = 5
  /// Calls of one probe of one hoster, until it answers.
  public var attempts: UInt8 = 2
  public var callTimeout: Duration = .seconds(10)
  /// Calls at a time.
  public var concurrency = 64
  /// Before a call is repeated, once the next block is there.
  public var retryPause: Duration = .milliseconds(500)
  /// How long the next block is waited for: a hoster that is a block behind thinks that it is asked too early, and would
  /// refuse again.
  public var blockPatience: Duration = .seconds(15)
  /// The most observations that are written to the disk at once.
  public static let batch = 1024
  /// How long observations are gathered for one write. One that was made is on the disk that much later, and a write.
  public static let gathering = Duration.milliseconds(100)

  public init() {}
}
