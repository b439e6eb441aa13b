/// A ratio as the chain computes with it: an integer out of 10^18.
public struct FixedU128: WideNumber {
  private let words: WordPair

  public init(_ value: UInt128) { words = WordPair(value) }

  public var value: UInt128 { words.value }

  /// 100 %.
  public static let one = FixedU128(1_000_000_000_000_000_000)

  /// The ratio as a percentage with two decimals, rounded down.
  public var percent: String {
    let hundredths = value / 100_000_000_000_000
    let fraction = String(hundredths % 100)
    return "\(hundredths / 100).\(fraction.count == 1 ? "0" + fraction : fraction) %"
  }
}
