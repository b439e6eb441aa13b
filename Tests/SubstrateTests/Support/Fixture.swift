import Foundation
import Testing

@testable import Substrate

/// A JSON value of a recorded vector file.
///
/// Integers are kept as decimal text, because the vectors spell large ones as strings and small ones as
/// numbers, and mean the same.
enum Fixture: Decodable, Equatable {
  case null
  case bool(Bool)
  case text(String)
  case list([Fixture])
  case object([String: Fixture])

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let bool = try? container.decode(Bool.self) {
      self = .bool(bool)
    } else if let integer = try? container.decode(Int64.self) {
      self = .text(String(integer))
    } else if let integer = try? container.decode(UInt64.self) {
      self = .text(String(integer))
    } else if let text = try? container.decode(String.self) {
      self = .text(text)
    } else if let decimal = try? container.decode(Decimal.self) {
      self = .text("\(decimal)")
    } else if let list = try? container.decode([Fixture].self) {
      self = .list(list)
    } else {
      self = .object(try container.decode([String: Fixture].self))
    }
  }

  /// A file below `Tests/Vectors`.
  static func load(_ path: String) throws -> Fixture {
    try JSONDecoder().decode(Fixture.self, from: Data(bytes(path)))
  }

  static func bytes(_ path: String) throws -> [UInt8] {
    let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    return Array(try Data(contentsOf: tests.appending(path: "Vectors").appending(path: path)))
  }

  subscript(_ name: String) -> Fixture {
    if case .object(let members) = self { members[name] ?? .null } else { .null }
  }

  var list: [Fixture] { if case .list(let list) = self { list } else { [] } }
  var object: [String: Fixture] { if case .object(let object) = self { object } else { [:] } }
  var text: String? { if case .text(let text) = self { text } else { nil } }
  var integer: Int? { text.flatMap { Int($0) } }
  var hex: [UInt8]? { text.flatMap(Hex.decode) }

  /// The value as a person would give it: numbers and bytes as text, null for none.
  var loose: ScaleValue {
    switch self {
    case .null: .option(nil)
    case .bool(let bool): .bool(bool)
    case .text(let text): .text(text)
    case .list(let list): .sequence(list.map(\.loose))
    case .object(let object): .fields(object.map { ScaleValue.Field($0.key, $0.value.loose) })
    }
  }

  /// Empty lists and null are one in the vectors' conventions.
  var normalized: Fixture {
    switch self {
    case .list(let list): list.isEmpty ? .null : .list(list.map(\.normalized))
    case .object(let object): .object(object.mapValues(\.normalized))
    default: self
    }
  }

  /// A decoded value in the conventions of the vector files.
  init(_ value: ScaleValue) {
    switch value {
    case .bool(let bool): self = .bool(bool)
    case .unsigned(let integer): self = .text(String(integer))
    case .signed(let integer): self = .text(String(integer))
    case .big(let integer): self = .text(String(integer))
    case .bigSigned(let integer): self = .text(String(integer))
    case .character(let scalar): self = .text(String(scalar))
    case .text(let text): self = .text(text)
    case .bytes(let bytes): self = .text(Hex.encode(bytes))
    case .sequence(let elements), .tuple(let elements): self = .list(elements.map(Fixture.init))
    case .fields(let fields):
      self = .object(Dictionary(uniqueKeysWithValues: fields.map { ($0.name, Fixture($0.value)) }))
    case .variant(let variant):
      self = variant.value == .unit ? .text(variant.name) : .object([variant.name: Fixture(variant.value)])
    case .option(nil), .unit: self = .null
    case .option(let wrapped?):
      if case .option = wrapped { self = .object(["Some": Fixture(wrapped)]) } else { self = Fixture(wrapped) }
    case .bits(let bits): self = .text(bits.map { $0 ? "1" : "0" }.joined())
    }
  }
}

/// The two recorded chains, one of each generation.
enum RecordedChain: String, CaseIterable, CustomTestStringConvertible {
  case december = "chain-2025-12-18"
  case february = "chain-2026-02-10"

  var testDescription: String { rawValue }

  func vectors(_ kind: String) throws -> Fixture { try Fixture.load("chain/\(kind)-\(rawValue).json") }

  func metadataBytes(_ version: Int) throws -> [UInt8] {
    try Fixture.bytes("chain/metadata-\(rawValue).v\(version).scale")
  }

  func metadata(_ version: Int = 15) throws -> RuntimeMetadata {
    try RuntimeMetadata(try metadataBytes(version))
  }
}

extension Fixture {
  /// The value as a node would send it, where the file spells all numbers as text.
  var json: JSONValue? {
    switch self {
    case .null: JSONValue.null
    case .bool(let bool): .bool(bool)
    case .text(let text): .string(text)
    case .list(let list): .array(list.compactMap(\.json))
    case .object(let object): .object(object.compactMapValues(\.json))
    }
  }
}
