import Foundation

/// Recorded material of other implementations under `Tests/Vectors`.
enum Vectors {
  private static let folder = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Vectors")

  static func load<Contents: Decodable>(_ path: String, as type: Contents.Type = Contents.self) throws
    -> Contents
  {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(Contents.self, from: Data(contentsOf: folder.appending(path: path)))
  }
}

/// Bytes that a vector file spells in hexadecimal.
struct Hex: Decodable, Equatable, Sendable, ExpressibleByStringLiteral {
  var bytes: [UInt8]

  init(bytes: [UInt8]) {
    self.bytes = bytes
  }

  init(stringLiteral text: StaticString) {
    bytes = [UInt8](hex: text.description) ?? []
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    guard let bytes = [UInt8](hex: try container.decode(String.self)) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "not hexadecimal")
    }
    self.bytes = bytes
  }
}

extension [UInt8] {
  init?(hex text: String) {
    let digits = [Character](text)
    guard digits.count.isMultiple(of: 2) else { return nil }
    self = []
    for start in stride(from: 0, to: digits.count, by: 2) {
      guard let byte = UInt8(String(digits[start...start + 1]), radix: 16) else { return nil }
      append(byte)
    }
  }
}
