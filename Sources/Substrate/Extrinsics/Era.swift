/// How long an extrinsic may be included: forever, or in a window of blocks.
///
/// The window starts at a *birth* block whose hash is signed, so a mortal extrinsic is also bound to one
/// fork. Source: `sp_runtime::generic::Era`; spec/chain.md §3.
public enum Era: Sendable, Hashable {
  case immortal
  /// `period` blocks from each block whose number is `phase` modulo `period`.
  case mortal(period: UInt64, phase: UInt64)

  /// The era that is in force at `block` and lives for about `period` blocks.
  ///
  /// - Parameter period: raised to a power of two within 4…65,536.
  public static func mortal(period: UInt64, at block: UInt64) -> Era {
    var rounded: UInt64 = 4
    while rounded < period, rounded < 1 << 16 { rounded <<= 1 }
    let step = max(1, rounded >> 12)
    return .mortal(period: rounded, phase: block % rounded / step * step)
  }

  /// The block whose hash is signed, for an extrinsic made when the chain was at `block`.
  public func birth(at block: UInt64) -> UInt64 {
    switch self {
    case .immortal: 0
    case .mortal(let period, let phase): (max(block, phase) - phase) / period * period + phase
    }
  }

  /// The first block that can no longer hold the extrinsic; nil if it never expires.
  public func death(at block: UInt64) -> UInt64? {
    switch self {
    case .immortal: nil
    case .mortal(let period, _): birth(at: block) + period
    }
  }

  /// One byte for an immortal era, two for a mortal one.
  public var encoded: [UInt8] {
    switch self {
    case .immortal: return [0]
    case .mortal(let period, let phase):
      let low = UInt16(min(15, max(1, period.trailingZeroBitCount - 1)))
      let high = UInt16(truncatingIfNeeded: phase / max(1, period >> 12)) << 4
      let both = low | high
      return [UInt8(truncatingIfNeeded: both), UInt8(truncatingIfNeeded: both >> 8)]
    }
  }

  public init(from reader: inout ScaleReader) throws(ScaleError) {
    let first = try reader.readByte()
    if first == 0 {
      self = .immortal
      return
    }
    let both = UInt64(first) | UInt64(try reader.readByte()) << 8
    let period = UInt64(2) << (both & 15)
    let phase = (both >> 4) * max(1, period >> 12)
    guard period >= 4, phase < period else { throw ScaleError(.malformed, "an era that no encoder writes") }
    self = .mortal(period: period, phase: phase)
  }
}
