import Foundation

@testable import Hoster

/// A tokenizer of `Tests/Vectors/model/tokenizers` and what the tokenizers library makes of it
/// (`Tests/Interop/model/tokenizer_vectors.py`).
enum GoldenTokenizer: String, CaseIterable {
  case bytes, spaces

  struct Decoded: Decodable {
    let ids: [Int32]
    let text: String
  }

  struct Encoded: Decodable {
    let text: String
    let ids: [Int32]
  }

  /// Another decoder in the same file.
  struct OtherDecoder: Decodable {
    let decoder: String
    let decode: [Decoded]
  }

  struct Vectors: Decodable {
    let decode: [Decoded]
    let encode: [Encoded]
    let decoders: [OtherDecoder]
    /// What becomes of pieces in `spaces` if there are no tokens for bytes.
    let without_bytes: [Encoded]?
  }

  /// How many token ids the file has.
  var size: Int { self == .bytes ? 481 : 584 }

  private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Vectors/model/tokenizers")

  var path: String { Self.folder.appending(path: "\(rawValue).json").path }

  func text() throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

  func vectors() throws -> Vectors {
    let data = try Data(contentsOf: Self.folder.appending(path: "vectors.json"))
    guard let vectors = try JSONDecoder().decode([String: Vectors].self, from: data)[rawValue] else {
      throw CocoaError(.fileReadCorruptFile)
    }
    return vectors
  }

  /// The file with a part of its text replaced.
  func replacing(_ part: String, by other: String, size: Int? = nil) throws -> Tokenizer {
    let text = try text()
    guard text.contains(part) else { throw CocoaError(.fileReadCorruptFile) }
    return try Tokenizer(
      json: Array(text.replacingOccurrences(of: part, with: other).utf8), vocabularySize: size ?? self.size)
  }
}
