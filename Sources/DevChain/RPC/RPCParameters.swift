import Substrate

/// The parameters of one request, read in order. Ones too many are not looked at, optional ones may be missing or null.
struct RPCParameters {
  private let values: [JSONValue]

  init(_ json: JSONValue?) throws(RPCFailure) {
    switch json {
    case nil, .null?: values = []
    case .array(let values)?: self.values = values
    case let other?: values = [other]
    }
  }

  /// The parameter at that place; nil if it is missing or null.
  subscript(_ index: Int) -> JSONValue? {
    guard values.indices.contains(index), !values[index].isNull else { return nil }
    return values[index]
  }

  private func required(_ index: Int) throws(RPCFailure) -> JSONValue {
    guard let value = self[index] else { throw .invalidParams("No more params") }
    return value
  }

  func integer<Number: FixedWidthInteger>(_ index: Int, _: Number.Type = Number.self) throws(RPCFailure) -> Number {
    try Self.integer(required(index))
  }

  private static func integer<Number: FixedWidthInteger>(_ value: JSONValue) throws(RPCFailure) -> Number {
    guard case .integer(let integer) = value, let number = integer.exactly(Number.self) else {
      let expected = "\(Number.isSigned ? "i" : "u")\(Number.bitWidth)"
      throw .invalidParams("invalid type: \(describe(value)), expected \(expected)")
    }
    return number
  }

  func optionalInteger<Number: FixedWidthInteger>(
    _ index: Int, _: Number.Type = Number.self
  ) throws(RPCFailure) -> Number? {
    guard let value = self[index] else { return nil }
    return try Self.integer(value)
  }

  /// `0x` and hex digits.
  func hex(_ index: Int) throws(RPCFailure) -> [UInt8] {
    try Self.hex(required(index))
  }

  func optionalHex(_ index: Int) throws(RPCFailure) -> [UInt8]? {
    guard let value = self[index] else { return nil }
    return try Self.hex(value)
  }

  func hexList(_ index: Int) throws(RPCFailure) -> [[UInt8]] {
    guard let list = try required(index).arrayValue else { throw .invalidParams("expected a sequence") }
    var bytes: [[UInt8]] = []
    for value in list { bytes.append(try Self.hex(value)) }
    return bytes
  }

  private static func hex(_ value: JSONValue) throws(RPCFailure) -> [UInt8] {
    guard let bytes = value.hexBytes else {
      throw .invalidParams("invalid type: \(describe(value)), expected a 0x-prefixed hex string")
    }
    return bytes
  }

  /// An array of numbers, the form of `Vec<u8>`.
  func bytes(_ index: Int) throws(RPCFailure) -> [UInt8] {
    let value = try required(index)
    guard let bytes = value.byteArray else {
      throw .invalidParams("invalid type: \(Self.describe(value)), expected a sequence")
    }
    return bytes
  }

  func account(_ index: Int) throws(RPCFailure) -> AccountID {
    guard let text = try required(index).stringValue, let account = try? AccountID(text) else {
      throw .invalidParams("expected a 0x-prefixed hex string with length 40")
    }
    return account
  }

  func text(_ index: Int) throws(RPCFailure) -> String {
    let value = try required(index)
    guard let text = value.stringValue else {
      throw .invalidParams("invalid type: \(Self.describe(value)), expected a string")
    }
    return text
  }

  /// A block's hash; nil for the newest.
  func block(_ index: Int) throws(RPCFailure) -> BlockHash? {
    guard let value = self[index] else { return nil }
    guard let hash = value.stringValue.flatMap(BlockHash.init(hex:)) else {
      throw .invalidParams("invalid type: \(Self.describe(value)), expected a 0x-prefixed hex string of 32 bytes")
    }
    return hash
  }

  private static func describe(_ value: JSONValue) -> String {
    switch value {
    case .null: "null"
    case .bool(let bool): "boolean `\(bool)`"
    case .integer(let integer): "integer `\(integer)`"
    case .double(let double): "floating point `\(double)`"
    case .string(let text): "string \(JSONValue.string(String(text.prefix(100))))"
    case .array: "sequence"
    case .object: "map"
    }
  }
}
