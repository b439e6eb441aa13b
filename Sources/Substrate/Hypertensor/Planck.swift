/// An amount of the chain's money. 1 TENSOR is 10^18 planck.
public struct Planck: WideNumber {
  private let words: WordPair

  public init(_ value: UInt128) { words = WordPair(value) }

  public var value: UInt128 { words.value }

  private static let decimals = 18
  private static let perTensor: UInt128 = 1_000_000_000_000_000_000

  /// Reads an amount in TENSOR, such as `100.5`; nil if it is no number or finer than a planck.
  public init?(tensor text: String) {
    let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    let fraction = parts.count == 2 ? parts[1] : ""
    guard let whole = parts.first, !whole.isEmpty, fraction.count <= Self.decimals,
      (whole + fraction).utf8.allSatisfy({ (0x30...0x39).contains($0) }),
      let planck = UInt128(whole + fraction + String(repeating: "0", count: Self.decimals - fraction.count))
    else { return nil }
    self.init(planck)
  }

  /// The amount in TENSOR without trailing zeroes, such as `100.5`.
  public var tensor: String {
    let fraction = String(value % Self.perTensor)
    let padded = String(repeating: "0", count: Self.decimals - fraction.count) + fraction
    let digits = String(padded.reversed().drop { $0 == "0" }.reversed())
    return "\(value / Self.perTensor)" + (digits.isEmpty ? "" : ".\(digits)")
  }

  /// The sum, or the most that there can be where it would be more.
  public func saturatingAdding(_ other: Planck) -> Planck {
    let (sum, isTooLarge) = value.addingReportingOverflow(other.value)
    return Planck(isTooLarge ? .max : sum)
  }

  /// So many times the amount, or the most that there can be where it would be more.
  public func saturatingMultiplying(by factor: UInt128) -> Planck {
    let (product, isTooLarge) = value.multipliedReportingOverflow(by: factor)
    return Planck(isTooLarge ? .max : product)
  }

  /// The difference, or nothing where it would be less.
  public func saturatingSubtracting(_ other: Planck) -> Planck {
    Planck(value > other.value ? value - other.value : 0)
  }
}
