/// The upper half of a `Float`.
public struct BFloat16: Sendable, Hashable, BitwiseCopyable {
  public let bitPattern: UInt16

  public init(bitPattern: UInt16) { self.bitPattern = bitPattern }

  /// Rounds to the nearest, ties to even. What fits keeps its bits; not a number stays so.
  public init(_ value: Float) {
    let bits = value.bitPattern
    if bits & 0xffff == 0 {
      bitPattern = UInt16(bits >> 16)
    } else if value.isNaN {
      bitPattern = UInt16(bits >> 16) | 0x0040
    } else {
      // Numbers too large become infinity, by the carry.
      bitPattern = UInt16((bits + 0x7fff + (bits >> 16 & 1)) >> 16)
    }
  }
}

extension Float {
  public init(_ value: BFloat16) { self.init(bitPattern: UInt32(value.bitPattern) << 16) }
}
