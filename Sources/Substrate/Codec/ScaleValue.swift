public import BigInt

/// A SCALE value whose type is known only at run time, from metadata.
///
/// Wrappers with a single unnamed field are transparent: `AccountId20([u8; 20])` is `.bytes`.
public indirect enum ScaleValue: Sendable, Hashable {
  case bool(Bool)
  /// Unsigned integers of up to 128 bits, fixed or compact.
  case unsigned(UInt128)
  /// Signed integers of up to 128 bits.
  case signed(Int128)
  /// `u256`, and compact integers above 128 bits.
  case big(BigUInt)
  /// `i256`.
  case bigSigned(BigInt)
  case character(Unicode.Scalar)
  case text(String)
  /// `Vec<u8>` and `[u8; N]`.
  case bytes([UInt8])
  /// Vectors and arrays of anything but bytes; sets, and maps as sequences of pairs.
  case sequence([ScaleValue])
  /// Tuples and composites without names.
  case tuple([ScaleValue])
  /// Composites with names, in declared order.
  case fields([Field])
  case variant(Variant)
  case option(ScaleValue?)
  case bits(BitSequence)
  /// A type without content.
  case unit

  /// One named field of a composite.
  public struct Field: Sendable, Hashable {
    public let name: String
    public let value: ScaleValue

    public init(_ name: String, _ value: ScaleValue) {
      self.name = name
      self.value = value
    }
  }

  /// One alternative of an enum; `value` is `.unit` where it carries nothing.
  public struct Variant: Sendable, Hashable {
    public let name: String
    public let value: ScaleValue
    /// The number on the wire, known for decoded values only; it takes no part in equality.
    let index: UInt8

    public init(_ name: String, _ value: ScaleValue = .unit) {
      self.init(name, value, index: 0)
    }

    init(_ name: String, _ value: ScaleValue, index: UInt8) {
      self.name = name
      self.value = value
      self.index = index
    }

    public static func == (first: Variant, second: Variant) -> Bool {
      first.name == second.name && first.value == second.value
    }

    public func hash(into hasher: inout Hasher) {
      hasher.combine(name)
      hasher.combine(value)
    }
  }
}

extension ScaleValue: ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral, ExpressibleByStringLiteral {
  public init(integerLiteral value: Int64) {
    self = value < 0 ? .signed(Int128(value)) : .unsigned(UInt128(value))
  }
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  public init(stringLiteral value: String) { self = .text(value) }
}

/// Views that refuse what they do not expect, with the path to it.
extension ScaleValue {
  /// What kind of value this is, for messages.
  var kind: String {
    switch self {
    case .bool: "a bool"
    case .unsigned, .signed, .big, .bigSigned: "an integer"
    case .character: "a character"
    case .text: "text"
    case .bytes(let bytes): "\(bytes.count) bytes"
    case .sequence(let elements): "a sequence of \(elements.count)"
    case .tuple(let elements): "a tuple of \(elements.count)"
    case .fields: "a structure"
    case .variant(let variant): "the variant \(variant.name)"
    case .option(nil): "none"
    case .option: "an option"
    case .bits: "bits"
    case .unit: "nothing"
    }
  }

  private func mismatch(_ expected: String) -> ScaleError {
    ScaleError(.mismatch, "\(expected) expected, \(kind) found")
  }

  /// The field of that name, or nil where this composite has none.
  public func field(ifPresent name: String) -> ScaleValue? {
    guard case .fields(let fields) = self else { return nil }
    return fields.first { $0.name == name }?.value
  }

  public func field(_ name: String) throws(ScaleError) -> ScaleValue {
    guard let value = field(ifPresent: name) else {
      throw ScaleError(.mismatch, "no field named \(name) in \(kind)")
    }
    return value
  }

  /// The field of that name, read by `body`; errors carry the name.
  public func field<Value>(
    _ name: String, _ body: (ScaleValue) throws(ScaleError) -> Value
  ) throws(ScaleError) -> Value {
    let value = try field(name)
    return try at(name) { () throws(ScaleError) in try body(value) }
  }

  public func integer<Integer: FixedWidthInteger>(
    as type: Integer.Type = Integer.self
  ) throws(ScaleError) -> Integer {
    let integer: Integer? =
      switch self {
      case .unsigned(let value): Integer(exactly: value)
      case .signed(let value): Integer(exactly: value)
      case .big(let value): Integer(exactly: value)
      case .bigSigned(let value): value.magnitude.bitWidth < 64 ? Integer(exactly: Int64(value)) : nil
      default: nil
      }
    guard let integer else { throw mismatch("an integer that fits \(Integer.self)") }
    return integer
  }

  public func boolean() throws(ScaleError) -> Bool {
    guard case .bool(let value) = self else { throw mismatch("a bool") }
    return value
  }

  public func byteArray() throws(ScaleError) -> [UInt8] {
    guard case .bytes(let bytes) = self else { throw mismatch("bytes") }
    return bytes
  }

  public func string() throws(ScaleError) -> String {
    guard case .text(let text) = self else { throw mismatch("text") }
    return text
  }

  public func elements() throws(ScaleError) -> [ScaleValue] {
    switch self {
    case .sequence(let elements), .tuple(let elements): return elements
    default: throw mismatch("a sequence")
    }
  }

  /// Every element read by `body`; errors carry the index.
  public func map<Value>(
    _ body: (ScaleValue) throws(ScaleError) -> Value
  ) throws(ScaleError) -> [Value] {
    var values: [Value] = []
    for (index, element) in try elements().enumerated() {
      values.append(try at("[\(index)]") { () throws(ScaleError) in try body(element) })
    }
    return values
  }

  public func optional() throws(ScaleError) -> ScaleValue? {
    guard case .option(let wrapped) = self else { throw mismatch("an option") }
    return wrapped
  }

  public func optional<Value>(
    _ body: (ScaleValue) throws(ScaleError) -> Value
  ) throws(ScaleError) -> Value? {
    guard let wrapped = try optional() else { return nil }
    return try body(wrapped)
  }

  public func enumeration() throws(ScaleError) -> Variant {
    guard case .variant(let variant) = self else { throw mismatch("an enum") }
    return variant
  }
}
