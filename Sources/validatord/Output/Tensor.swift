import Substrate

/// Amounts of the chain's money: 1 TENSOR is 10^18 planck.
enum Tensor {
  static let decimals = 18
  private static let unit: UInt128 = 1_000_000_000_000_000_000

  /// `100.5 TENSOR`, exact.
  static func text(_ planck: UInt128) -> String { "\(number(planck)) TENSOR" }

  /// The number of TENSOR without trailing zeroes.
  static func number(_ planck: UInt128) -> String {
    let fraction = String(planck % unit)
    let padded = String(repeating: "0", count: decimals - fraction.count) + fraction
    let digits = padded.reversed().drop { $0 == "0" }.reversed()
    return digits.isEmpty ? "\(planck / unit)" : "\(planck / unit).\(String(digits))"
  }

  /// Reads `1.5` (TENSOR) into planck; nil if it is no number or has more than 18 decimals.
  static func planck(_ text: String) -> UInt128? {
    let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    guard let whole = parts.first, let tokens = UInt128(whole) else { return nil }
    let fraction = parts.count == 2 ? parts[1] : ""
    guard fraction.count <= decimals, fraction.allSatisfy({ $0.isASCII && $0.isNumber }) else { return nil }
    let (scaled, overflow) = tokens.multipliedReportingOverflow(by: unit)
    let rest = UInt128(fraction + String(repeating: "0", count: decimals - fraction.count)) ?? 0
    let (sum, carry) = scaled.addingReportingOverflow(rest)
    return overflow || carry ? nil : sum
  }

  /// A ratio out of 10^18 as a percentage with two decimals, rounded down.
  static func percent(_ ratio: UInt128) -> String {
    let hundredths = ratio / 100_000_000_000_000
    let fraction = String(hundredths % 100)
    return "\(hundredths / 100).\(fraction.count == 1 ? "0" + fraction : fraction) %"
  }
}
