extension JSONValue: Codable {
  public init(from decoder: any Decoder) throws {
    if let container = try? decoder.container(keyedBy: Name.self) {
      var members: [String: JSONValue] = [:]
      for key in container.allKeys {
        members[key.stringValue] = try container.decode(JSONValue.self, forKey: key)
      }
      self = .object(members)
    } else if var container = try? decoder.unkeyedContainer() {
      var elements: [JSONValue] = []
      while !container.isAtEnd { elements.append(try container.decode(JSONValue.self)) }
      self = .array(elements)
    } else {
      self = try Self.scalar(decoder.singleValueContainer())
    }
  }

  private static func scalar(_ container: any SingleValueDecodingContainer) throws -> JSONValue {
    if container.decodeNil() { return .null }
    if let value = try? container.decode(Bool.self) { return .bool(value) }
    if let value = try? container.decode(Int64.self) { return JSONValue(value) }
    if let value = try? container.decode(UInt128.self) { return JSONValue(value) }
    if let value = try? container.decode(Int128.self) { return JSONValue(value) }
    if let value = try? container.decode(Double.self) { return .double(value) }
    return .string(try container.decode(String.self))
  }

  public func encode(to encoder: any Encoder) throws {
    switch self {
    case .array(let elements):
      var container = encoder.unkeyedContainer()
      for element in elements { try container.encode(element) }
    case .object(let members):
      var container = encoder.container(keyedBy: Name.self)
      for (name, value) in members { try container.encode(value, forKey: Name(stringValue: name)) }
    default:
      var container = encoder.singleValueContainer()
      switch self {
      case .bool(let value): try container.encode(value)
      case .double(let value): try container.encode(value)
      case .string(let value): try container.encode(value)
      case .integer(let value): try Self.encode(value, to: &container, codingPath: encoder.codingPath)
      case .null, .array, .object: try container.encodeNil()
      }
    }
  }

  private static func encode(
    _ integer: JSONInteger, to container: inout any SingleValueEncodingContainer, codingPath: [any CodingKey]
  ) throws {
    if let value = integer.exactly(Int64.self) {
      try container.encode(value)
    } else if let value = integer.exactly(UInt128.self) {
      try container.encode(value)
    } else if let value = integer.exactly(Int128.self) {
      try container.encode(value)
    } else {
      throw EncodingError.invalidValue(
        integer,
        .init(codingPath: codingPath, debugDescription: "The integer is wider than 128 bits."))
    }
  }

  private struct Name: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }
}
