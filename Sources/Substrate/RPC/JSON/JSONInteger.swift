/// An integer of a JSON text with all of its digits.
///
/// What fits a word is a word; anything wider is kept as canonical decimal digits, so equal numbers are
/// equal values.
public struct JSONInteger: Sendable, Hashable {
  /// Decimal digits accepted in one integer; `u256` needs 78.
  public static let maximumDigits = 128

  enum Storage: Hashable {
    case word(Int64)
    case digits(String)
  }

  let storage: Storage

  init(word: Int64) {
    storage = .word(word)
  }

  /// Any integer.
  public init(_ value: some BinaryInteger) {
    storage = Int64(exactly: value).map(Storage.word) ?? .digits(value.description)
  }

  /// Decimal digits with an optional minus sign, nothing else, at most ``maximumDigits`` of them.
  public init?(digits text: String) {
    let negative = text.utf8.first == UInt8(ascii: "-")
    let digits = text.utf8.dropFirst(negative ? 1 : 0)
    guard !digits.isEmpty, digits.count <= Self.maximumDigits,
      digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
    else { return nil }
    let significant = digits.drop { $0 == UInt8(ascii: "0") }
    if let word = Int64(text) {
      storage = .word(word)
    } else {
      storage = .digits((negative ? "-" : "") + String(decoding: significant, as: UTF8.self))
    }
  }

  /// The number as `T`, or nil when it does not fit.
  public func exactly<T: FixedWidthInteger>(_ type: T.Type = T.self) -> T? {
    switch storage {
    case .word(let word): T(exactly: word)
    case .digits(let digits): T(digits)
    }
  }
}

extension JSONInteger: CustomStringConvertible {
  /// The decimal digits.
  public var description: String {
    switch storage {
    case .word(let word): String(word)
    case .digits(let digits): digits
    }
  }
}
