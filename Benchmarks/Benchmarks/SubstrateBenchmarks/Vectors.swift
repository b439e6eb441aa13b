import Foundation

/// The recorded vectors of the tests, which the foreign measurements read too.
enum Vectors {
  /// The bytes of a file below `Tests/Vectors`.
  static func bytes(_ path: String) throws -> [UInt8] {
    let package = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    return Array(try Data(contentsOf: package.appending(path: "Tests/Vectors").appending(path: path)))
  }

  static func metadata(_ version: Int) throws -> [UInt8] {
    try bytes("chain/metadata-chain-2026-02-10.v\(version).scale")
  }

  /// The longest of the recorded `System.Events`.
  static func events() throws -> [UInt8] {
    struct File: Decodable {
      struct Block: Decodable { var raw: String }
      var blocks: [Block]
    }
    let file = try JSONDecoder().decode(File.self, from: Data(bytes("chain/events-chain-2026-02-10.json")))
    let longest = file.blocks.map(\.raw).max { $0.utf8.count < $1.utf8.count } ?? "0x"
    return stride(from: 2, to: longest.utf8.count, by: 2).compactMap { offset in
      let digits = longest.utf8.dropFirst(offset).prefix(2)
      return UInt8(Substring(digits), radix: 16)
    }
  }
}
