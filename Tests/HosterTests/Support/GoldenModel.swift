import Foundation

/// A model of `Tests/Vectors/model` and what the numpy oracle made of it (`make.py` there).
enum GoldenModel: String, CaseIterable {
  case f32, f16, bf16

  struct Case: Decodable {
    let prompt: [Int32]
    /// What greedy decoding appends.
    let tokens: [Int32]
    /// Behind the prompt.
    let logits: [Double]
    /// Behind all tokens but the last.
    let lastLogits: [Double]
  }

  var folder: URL {
    URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Vectors/model/\(rawValue)")
  }

  func cases() throws -> [Case] {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode([Case].self, from: Data(contentsOf: folder.appending(path: "golden.json")))
  }
}
