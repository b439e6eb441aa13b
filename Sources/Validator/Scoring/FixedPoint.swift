import Protocols

/// Numbers in units of 2^-32, made from the bits of floating-point numbers without floating-point arithmetic.
enum FixedPoint {
  /// 2^32 units are 1.
  static let fractionBits = 32

  /// The elements of an answer, each rounded toward zero.
  ///
  /// - Returns: nil if one is not finite or 2^31 or more, or if they are no real numbers.
  static func elements(of answer: Answer) -> [Int64]? {
    let bytes = answer.bytes
    switch answer.type {
    case .float16: return map(bytes, 2) { float($0, exponentBits: 5, fractionBits: 10) }
    case .bfloat16: return map(bytes, 2) { float($0, exponentBits: 8, fractionBits: 7) }
    case .float32: return map(bytes, 4) { float($0, exponentBits: 8, fractionBits: 23) }
    case .float64: return map(bytes, 8) { float($0, exponentBits: 11, fractionBits: 52) }
    case .int8: return map(bytes, 1) { integer(Int64(Int8(truncatingIfNeeded: $0))) }
    case .int16: return map(bytes, 2) { integer(Int64(Int16(truncatingIfNeeded: $0))) }
    case .int32: return map(bytes, 4) { integer(Int64(Int32(truncatingIfNeeded: $0))) }
    case .int64: return map(bytes, 8) { integer(Int64(truncatingIfNeeded: $0)) }
    case .uint8, .bool: return map(bytes, 1) { integer(Int64($0)) }
    case .complex64, .complex128: return nil
    }
  }

  private static func map(_ bytes: [UInt8], _ size: Int, _ convert: (UInt64) -> Int64?) -> [Int64]? {
    var result: [Int64] = []
    result.reserveCapacity(bytes.count / size)
    var (word, filled) = (UInt64(0), 0)
    for byte in bytes {
      word |= UInt64(byte) << UInt64(filled * 8)
      filled += 1
      guard filled == size else { continue }
      guard let value = convert(word) else { return nil }
      result.append(value)
      (word, filled) = (0, 0)
    }
    return result
  }

  private static func integer(_ value: Int64) -> Int64? {
    Int32(exactly: value).map { Int64($0) << fractionBits }
  }

  /// Reads the bits of an IEEE 754 number.
  private static func float(_ bits: UInt64, exponentBits: Int, fractionBits: Int) -> Int64? {
    let fraction = bits & (1 << UInt64(fractionBits) - 1)
    let maximum = 1 << exponentBits - 1
    let biased = Int(truncatingIfNeeded: bits >> UInt64(fractionBits)) & maximum
    guard biased < maximum else { return nil }
    // A subnormal number has the exponent of the smallest normal one and no leading bit.
    let significand = biased == 0 ? fraction : fraction | 1 << UInt64(fractionBits)
    let exponent = max(biased, 1) - maximum / 2 - fractionBits + Self.fractionBits
    let magnitude: UInt64
    if exponent <= 0 {
      magnitude = exponent > -64 ? significand >> UInt64(-exponent) : 0
    } else {
      guard significand == 0 || significand.leadingZeroBitCount > exponent else { return nil }
      magnitude = significand << UInt64(exponent)
    }
    guard let value = Int64(exactly: magnitude) else { return nil }
    return bits >> UInt64(exponentBits + fractionBits) & 1 == 1 ? -value : value
  }
}
