import Foundation

/// The recorded vectors of the API protocol in `Tests/Vectors/subnet`.
enum ApiVectors {
  /// `api_protocol.json`.
  struct Requests: Decodable {
    struct Request: Decodable, Sendable {
      var name: String
      var route: String
      var method: String
      var headers: [String: String]
      var body_hex: String
      var response_type: Int
      var framed_hex: String
    }

    var protocol_id: String
    var requests: [Request]
    var literal_server_texts: [String: String]
  }

  /// One call of `api_matrix.json`: what a published caller got from a published node.
  struct Call: Decodable, Sendable {
    var server: String
    var client: String
    var route: String
    var args: String
    var ok: Bool
    var len: Int?
    var text: String?
    var sha: String
  }

  /// One case of `api_edge_cases.json`.
  struct Edge: Decodable, Sendable {
    var server: String
    var `case`: String
    var len: Int?
    var head: String?
  }

  static func read<Content: Decodable>(_ name: String, as type: Content.Type) throws -> Content {
    let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Vectors/subnet/\(name).json")
    return try JSONDecoder().decode(Content.self, from: Data(contentsOf: file))
  }

  static func bytes(hex: String) -> [UInt8] {
    let digits = Array(hex)
    return stride(from: 0, to: digits.count - 1, by: 2).compactMap { UInt8(String(digits[$0...$0 + 1]), radix: 16) }
  }
}
