/// A number of 128 bits that may be held by values which live in async functions.
///
/// Swift 6.3 does not keep the 16-byte alignment of `UInt128` on the stack of every async function, and the
/// program then stops at a misaligned access. What is stored and passed around is therefore two words; the
/// number itself is made where it is used.
public protocol WideNumber: Hashable, Comparable, Sendable, Codable, ExpressibleByIntegerLiteral,
  CustomStringConvertible
{
  init(_ value: UInt128)
  var value: UInt128 { get }
}

/// A `UInt128` in two words.
struct WordPair: Hashable, Sendable {
  let high: UInt64
  let low: UInt64

  init(_ value: UInt128) {
    high = UInt64(truncatingIfNeeded: value >> 64)
    low = UInt64(truncatingIfNeeded: value)
  }

  var value: UInt128 { UInt128(high) << 64 | UInt128(low) }
}

extension WideNumber {
  public init(integerLiteral value: UInt64) { self.init(UInt128(value)) }

  /// The decimal digits of the number itself.
  public var description: String { String(value) }

  public static func < (first: Self, second: Self) -> Bool { first.value < second.value }

  /// Decimal text, which every JSON reader keeps exactly.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let value = UInt128(text) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a number of 128 bits")
    }
    self.init(value)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }

  init(_ value: ScaleValue) throws(ScaleError) { self.init(try value.integer(as: UInt128.self)) }

  var scaleValue: ScaleValue { .unsigned(value) }
}
