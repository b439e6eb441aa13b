/// One JSON value as a Substrate node sends or takes it.
///
/// Integers keep every digit (`u128` balances are plain numbers on the wire), arrays of byte values stay
/// ordinary arrays, and two objects are equal when they hold the same members in any order.
public enum JSONValue: Sendable, Hashable {
  case null
  case bool(Bool)
  /// A number without fraction or exponent, exact at any width.
  case integer(JSONInteger)
  /// A number with a fraction or an exponent. One that is not finite is written as `null`.
  case double(Double)
  case string(String)
  case array([JSONValue])
  case object([String: JSONValue])
}

extension JSONValue {
  /// A number of any integer type, for example a `UInt128` balance.
  public init(_ value: some BinaryInteger) {
    self = .integer(JSONInteger(value))
  }

  /// An array of byte values, the form in which `network_*` methods take a `Vec<u8>`.
  public init(byteArray bytes: some Sequence<UInt8>) {
    self = .array(bytes.map { .integer(JSONInteger(word: Int64($0))) })
  }

  /// `0x` and lower-case hex digits, the form of hashes, keys and encoded values.
  public init(hex bytes: some Sequence<UInt8>) {
    self = .string(HexText.encode(bytes))
  }
}

extension JSONValue: ExpressibleByNilLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByFloatLiteral, ExpressibleByStringLiteral, ExpressibleByArrayLiteral,
  ExpressibleByDictionaryLiteral
{
  public init(nilLiteral: ()) { self = .null }
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  public init(integerLiteral value: Int64) { self = .integer(JSONInteger(word: value)) }
  public init(floatLiteral value: Double) { self = .double(value) }
  public init(stringLiteral value: String) { self = .string(value) }
  public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }

  /// A later member of the same name replaces an earlier one.
  public init(dictionaryLiteral elements: (String, JSONValue)...) {
    self = .object(Dictionary(elements) { _, last in last })
  }
}

extension JSONValue: CustomStringConvertible {
  /// The JSON text.
  public var description: String { String(decoding: encoded(), as: UTF8.self) }
}
