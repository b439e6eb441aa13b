/// Why the epoch can't be followed any longer.
public struct EpochError: ValidatorError, Hashable {
  public enum Code: String, Sendable {
    /// The endpoints serve another chain than at the start.
    case wrongChain = "epoch.wrong-chain"
    /// No block became final for too long.
    case stalled = "epoch.stalled"
  }

  public let kind: Code
  public let message: String
  public let remedy: String

  public var code: String { kind.rawValue }

  init(_ kind: Code, _ message: String, remedy: String) {
    self.kind = kind
    self.message = message
    self.remedy = remedy
  }
}
