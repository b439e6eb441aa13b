/// Optional views: each is nil when the value is of another kind or does not fit.
extension JSONValue {
  public var isNull: Bool { self == .null }

  public var boolValue: Bool? {
    if case .bool(let value) = self { value } else { nil }
  }

  public var stringValue: String? {
    if case .string(let value) = self { value } else { nil }
  }

  public var arrayValue: [JSONValue]? {
    if case .array(let value) = self { value } else { nil }
  }

  public var objectValue: [String: JSONValue]? {
    if case .object(let value) = self { value } else { nil }
  }

  public var integerValue: JSONInteger? {
    if case .integer(let value) = self { value } else { nil }
  }

  public var int64Value: Int64? { integerValue?.exactly() }
  public var uint64Value: UInt64? { integerValue?.exactly() }
  public var uint128Value: UInt128? { integerValue?.exactly() }

  /// The number as a double; an integer is rounded.
  public var doubleValue: Double? {
    switch self {
    case .double(let value): value
    case .integer(let value): Double(value.description)
    default: nil
    }
  }

  /// The bytes of a string of `0x` and an even number of hex digits.
  public var hexBytes: [UInt8]? { stringValue.flatMap(HexText.decode) }

  /// The number of a string such as `0x1b4`, the form of block numbers and fees.
  public var hexNumber: UInt128? {
    guard let text = stringValue, text.hasPrefix("0x"), let first = text.utf8.dropFirst(2).first,
      first != UInt8(ascii: "+"), first != UInt8(ascii: "-")
    else { return nil }
    return UInt128(text.dropFirst(2), radix: 16)
  }

  /// The bytes of an array of numbers 0 to 255, the form of most `network_*` results.
  public var byteArray: [UInt8]? {
    guard case .array(let elements) = self else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(elements.count)
    for element in elements {
      guard case .integer(let number) = element, let byte = number.exactly(UInt8.self) else { return nil }
      bytes.append(byte)
    }
    return bytes
  }

  /// A member of an object, or nil.
  public subscript(_ name: String) -> JSONValue? {
    if case .object(let members) = self { members[name] } else { nil }
  }

  /// An element of an array, or nil when there is none at that index.
  public subscript(_ index: Int) -> JSONValue? {
    if case .array(let elements) = self, elements.indices.contains(index) { elements[index] } else { nil }
  }
}

extension JSONValue {
  /// One of the optional views, or ``RPCError/Code/malformed`` that names what was read.
  ///
  /// - Parameters:
  ///   - view: for example `\.hexBytes`.
  ///   - subject: what the value is, for the error's text: `"the result of state_getStorage"`.
  public func required<T>(_ view: KeyPath<JSONValue, T?>, _ subject: String) throws(RPCError) -> T {
    guard let value = self[keyPath: view] else {
      throw RPCError(.malformed, "\(subject) is \(kindName), which is not the form expected")
    }
    return value
  }

  /// The kind of value, for messages; never its content.
  var kindName: String {
    switch self {
    case .null: "null"
    case .bool: "a boolean"
    case .integer: "an integer"
    case .double: "a fractional number"
    case .string: "a string"
    case .array: "an array"
    case .object: "an object"
    }
  }
}
