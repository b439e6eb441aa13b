/// Sixteen numbers that are computed together, however wide the machine's registers are.
///
/// Answers must not differ between machines, or honest hosters would disagree. So every sum has one order, which is
/// that of sixteen lanes and then halves, every product is rounded before it is added (Swift never fuses them), and the
/// only function beside IEEE 754's own operations is ``exponential(_:)`` below: neither `exp` nor `tanh` of a C library
/// is called, whose last bits are the library's choice.
typealias Lanes = SIMD16<Float>

extension SIMD16<Float> {
  /// The sixteen numbers at `start`.
  @inline(__always)
  init(at start: UnsafePointer<Float>) {
    self = UnsafeRawPointer(start).loadUnaligned(as: Self.self)
  }

  @inline(__always)
  func store(at start: UnsafeMutablePointer<Float>) {
    UnsafeMutableRawPointer(start).storeBytes(of: self, as: Self.self)
  }

  /// The sum of the lanes: halves are added until one number is left.
  @inline(__always)
  var total: Float {
    let eight = lowHalf + highHalf
    let four = eight.lowHalf + eight.highHalf
    let two = four.lowHalf + four.highHalf
    return two.x + two.y
  }

  /// e to the power of each lane, to within two units in the last place; powers outside −87…88 are taken at those ends.
  ///
  /// e^x = 2^n · e^r, n the integer nearest to x / ln 2 and |r| ≤ ln 2 / 2, where Taylor's polynomial of degree 7 is
  /// exact to 5·10⁻⁹. Adding 1.5·2²³ rounds to an integer and leaves it in the low bits.
  @inline(__always)
  static func exponential(_ x: Self) -> Self {
    let x = x.clamped(lowerBound: Self(repeating: -87), upperBound: Self(repeating: 88))
    let shifted = x * 1.44269504 + 12_582_912
    let n = shifted - 12_582_912
    // ln 2 in two parts, the first with so few bits that its product with n is exact.
    let r = x - n * 0.693359375 + n * 2.12194440e-4
    var power = Self(repeating: 1 / 5040) * r + 1 / 720
    power = power * r + 1 / 120
    power = power * r + 1 / 24
    power = power * r + 1 / 6
    power = power * r + 1 / 2
    power = power * r + 1
    power = power * r + 1
    let exponent = unsafeBitCast(shifted, to: SIMD16<UInt32>.self) &<< 23
    return power * unsafeBitCast(exponent &+ 0x3f80_0000, to: Self.self)
  }
}
