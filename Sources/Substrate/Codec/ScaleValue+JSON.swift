/// Values as JSON, for people and scripts.
///
/// Bytes are `0x` hex; integers are numbers up to 2^53 and decimal text beyond; an enum is its variant's name,
/// or an object with the name as its only member; an option is null or its content; a map is a list of pairs.
extension ScaleValue {
  /// The largest integer that every JSON reader keeps exactly.
  private static let largestNumber: UInt128 = 1 << 53

  public var json: JSONValue {
    switch self {
    case .bool(let bool): .bool(bool)
    case .unsigned(let integer): integer <= Self.largestNumber ? JSONValue(integer) : .string(String(integer))
    case .signed(let integer):
      integer.magnitude <= Self.largestNumber ? JSONValue(integer) : .string(String(integer))
    case .big(let integer): .string(String(integer))
    case .bigSigned(let integer): .string(String(integer))
    case .character(let scalar): .string(String(scalar))
    case .text(let text): .string(text)
    case .bytes(let bytes): .string(Hex.encode(bytes))
    case .sequence(let elements), .tuple(let elements): .array(elements.map(\.json))
    case .fields(let fields): .object(Dictionary(fields.map { ($0.name, $0.value.json) }) { first, _ in first })
    case .variant(let variant):
      variant.value == .unit ? .string(variant.name) : .object([variant.name: variant.value.json])
    case .option(nil), .unit: .null
    case .option(let wrapped?):
      if case .option = wrapped { .object(["Some": wrapped.json]) } else { wrapped.json }
    case .bits(let bits): .string(bits.map { $0 ? "1" : "0" }.joined())
    }
  }

  /// A value as a person would write it; ``TypeRegistry/encode(_:as:)`` finds out what it means.
  public init(json: JSONValue) {
    switch json {
    case .null: self = .option(nil)
    case .bool(let bool): self = .bool(bool)
    case .integer(let integer): self = .text(integer.description)
    case .double(let number): self = .text(String(number))
    case .string(let text): self = .text(text)
    case .array(let elements): self = .sequence(elements.map(ScaleValue.init(json:)))
    case .object(let members):
      self = .fields(members.map { Field($0.key, ScaleValue(json: $0.value)) })
    }
  }
}
