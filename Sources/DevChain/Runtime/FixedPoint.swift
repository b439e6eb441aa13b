import Foundation

/// The chain's arithmetic: ratios out of 10^18, products of 256 bits, and floating point where it uses that.
enum FixedPoint {
  /// 100 %.
  static let one: UInt128 = 1_000_000_000_000_000_000

  /// `x · y` as ratios, rounded down.
  static func multiply(_ x: UInt128, _ y: UInt128) -> UInt128 { muldiv(x, y, one) }

  /// `x / y` as a ratio, rounded down; 0 where either is 0.
  static func divide(_ x: UInt128, _ y: UInt128) -> UInt128 {
    x == 0 || y == 0 ? 0 : muldiv(x, one, y)
  }

  /// `x · y / z`, rounded down; the greatest number if that does not fit or `z` is 0.
  static func muldiv(_ x: UInt128, _ y: UInt128, _ z: UInt128) -> UInt128 {
    let product = x.multipliedFullWidth(by: y)
    guard product.high < z else { return .max }
    return z.dividingFullWidth(product).quotient
  }

  static func double(_ ratio: UInt128) -> Double { Double(ratio) / 1e18 }

  /// The number without its fraction, within what fits.
  static func clamped(_ value: Double) -> UInt128 {
    guard value > 0 else { return 0 }
    return value >= 0x1p128 ? .max : UInt128(value)
  }

  static func ratio(_ value: Double) -> UInt128 { clamped(value * 1e18) }

  static func power(_ base: Double, _ exponent: Double) -> Double { pow(base, exponent) }

  /// How many times 1 has to lose the part `factor` to be below `floor`.
  static func stepsDown(to floor: UInt128, by factor: UInt128) -> UInt32 {
    let steps = ceil(log(double(floor)) / log(1 - double(factor)))
    return UInt32(clamping: clamped(steps)).saturatingAdding(1)
  }

  /// A falling S from 1 to 0 around `middle`.
  static func fallingSigmoid(_ x: Double, middle: Double, steepness: Double) -> Double {
    let power = exp(steepness * abs(x - middle))
    let value = x > middle ? 1 / (1 + power) : power / (1 + power)
    return min(max(value, 0), 1)
  }

  /// Falls from `high` to `low` as `x` goes from 0 to 1, late for a great `power`.
  static func concaveFall(_ x: Double, low: Double, high: Double, power: Double) -> Double {
    let curve = 1 - pow(x, power > 0 ? power : 1)
    return min(max(low + (high - low) * curve, low), high)
  }
}

extension FixedWidthInteger where Self: UnsignedInteger {
  func saturatingAdding(_ other: Self) -> Self {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? .max : sum
  }

  func saturatingSubtracting(_ other: Self) -> Self { self > other ? self - other : 0 }

  func saturatingMultiplying(_ other: Self) -> Self {
    let (product, overflow) = multipliedReportingOverflow(by: other)
    return overflow ? .max : product
  }
}

extension Int128 {
  func saturatingAdding(_ other: Int128) -> Int128 {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? (other < 0 ? .min : .max) : sum
  }
}
