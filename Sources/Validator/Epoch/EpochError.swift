/// Why the epoch can't be followed any longer.
public struct EpochError: ValidatorError, Hashable {
  public enum Code: String, Sendable {
    /// The endpoints serve another chain than at the start.
    case wrongChain = "epoch.wrong-chain"
    /// No block became final for too long.
    case stalled = "epoch.stalled"
    /// This machine's clock and the chain's differ, so peers refuse what it signs.
    case clock = "epoch.clock"
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

  /// - Parameter offset: seconds by which this machine's clock is ahead of the chain's.
  static func clock(_ offset: Double) -> EpochError {
    let size = Int(exactly: abs(offset).rounded()).map { "\($0) s" } ?? "years"
    return EpochError(
      .clock, "this machine's clock is \(size) \(offset > 0 ? "ahead of" : "behind") the chain's",
      remedy: "Have chrony or systemd-timesyncd keep it right; or the endpoints' newest block is old.")
  }
}
