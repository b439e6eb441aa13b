public import Substrate

/// How duties on chain are done.
public struct DutySettings: Sendable, Hashable {
  /// How equal a proposal has to be to be attested to.
  public var comparison = ScoreComparison.Policy.exact
  /// No proposal after this share of the epoch, in percent.
  public var proposeUntil: UInt8 = 50
  /// The longest time in which a signature may be included, in blocks; it never outlasts the epoch.
  public var longestEra: UInt64 = 64
  /// Less than this can't be counted on to pay a fee and keep the account: 10^-9 TENSOR.
  public static let lowestBalance = Planck(1_000_000_000)
  /// Below this the operator is told: 10^-6 TENSOR.
  public static let balanceAlarm = Planck(1_000_000_000_000)
  /// The slashes that the stake should survive above the subnet's minimum.
  private static let reserveSlashes: UInt128 = 2
  /// Below this reputation the operator is told.
  public static let reputationAlarm = FixedU128(500_000_000_000_000_000)

  public init() {}

  /// The stake that should lie above the subnet's minimum.
  ///
  /// - Parameter maximumSlash: the most that the chain takes at once; 1 TENSOR in the published runtimes.
  public static func stakeReserve(_ maximumSlash: Planck) -> Planck {
    maximumSlash.saturatingMultiplying(by: reserveSlashes)
  }
}
