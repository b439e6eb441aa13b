import Foundation

/// The parts of a `tokenizer.json`, as Hugging Face's tokenizers write it, that text and token ids depend on.
///
/// How whole texts are cut into words first (`normalizer`, `pre_tokenizer`) is not read: pieces of an answer are cut
/// already.
struct TokenizerFile {
  /// A piece of text that is never cut, such as one that ends a turn.
  struct Added: Decodable {
    let id: Int
    let content: String
  }

  /// What becomes of text that no piece is made of.
  struct Model {
    /// The piece that stands for it; nil if there is none.
    let unknown: String?
    /// Whether there are pieces for its bytes, such as `<0x0A>`.
    let readsBytes: Bool
    /// Whether one piece stands for several unknown characters in a row.
    let joinsUnknown: Bool
  }

  /// The longest file read, in bytes; that of Gemma 3 has 33 MB.
  static let maximumSize = 64 << 20
  /// The most token ids, and the most merges.
  static let maximumCount = 1 << 20
  private static let maximumMembers = 64

  let model: Model
  let decoder: TokenizerDecoder
  let added: [Added]
  private let bytes: [UInt8]
  private let vocabularyRange: Range<Int>
  private let mergesRange: Range<Int>

  /// - Throws: ``TokenizerError`` `tokenizer.malformed` or `tokenizer.unsupported`.
  init(json bytes: [UInt8]) throws(TokenizerError) {
    guard (try? UTF8Span(validating: bytes.span)) != nil else {
      throw TokenizerError(.malformed, "the file is no UTF-8")
    }
    let root = try Self.members(bytes, in: bytes.indices)
    guard let modelRange = root["model"] else { throw TokenizerError(.malformed, "the file has no model") }
    let parts = try Self.members(bytes, in: modelRange)
    self.bytes = bytes
    model = try Self.model(bytes, parts)
    guard let vocabulary = parts["vocab"], let merges = parts["merges"] else {
      throw TokenizerError(.unsupported, "its model has no vocab or no merges, so it is no BPE")
    }
    (vocabularyRange, mergesRange) = (vocabulary, merges)
    guard let decoderRange = root["decoder"], !Self.isNull(bytes[decoderRange]) else {
      throw TokenizerError(.unsupported, "it has no decoder")
    }
    decoder = try TokenizerDecoder(json: Array(bytes[decoderRange]))
    guard let range = root["added_tokens"], !Self.isNull(bytes[range]) else {
      added = []
      return
    }
    guard let added = try? JSONDecoder().decode([Added].self, from: Data(bytes[range])) else {
      throw TokenizerError(.malformed, "its added_tokens are none")
    }
    self.added = added
  }

  /// Hands over each entry of the vocabulary.
  func vocabulary(_ body: ([UInt8], Int) throws(TokenizerError) -> Void) throws(TokenizerError) {
    var cursor = JSONCursor(bytes, in: vocabularyRange)
    try cursor.enter("{")
    var isFirst = true
    while try cursor.goesOn(until: "}", &isFirst) {
      let piece = try cursor.name()
      try body(piece, try cursor.number())
    }
    try cursor.finish()
  }

  /// Hands over each merge, in their order: a pair of pieces, or as older files have it, both in one string with a space
  /// between them.
  func merges(_ body: ([UInt8], [UInt8]) throws(TokenizerError) -> Void) throws(TokenizerError) {
    var cursor = JSONCursor(bytes, in: mergesRange)
    try cursor.enter("[")
    var isFirst = true
    while try cursor.goesOn(until: "]", &isFirst) {
      if cursor.isAtString {
        let both = try cursor.string().split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
        guard both.count == 2 else { throw cursor.malformed }
        try body(Array(both[0]), Array(both[1]))
      } else {
        var pair: [[UInt8]] = []
        var isFirst = true
        try cursor.enter("[")
        while try cursor.goesOn(until: "]", &isFirst) {
          guard pair.count < 2 else { throw cursor.malformed }
          pair.append(try cursor.string())
        }
        guard pair.count == 2 else { throw cursor.malformed }
        try body(pair[0], pair[1])
      }
    }
    try cursor.finish()
  }

  private static func model(_ bytes: [UInt8], _ parts: [String: Range<Int>]) throws(TokenizerError) -> Model {
    func value<Value: Decodable>(_ name: String, _: Value.Type) throws(TokenizerError) -> Value? {
      guard let range = parts[name], !isNull(bytes[range]) else { return nil }
      guard let value = try? JSONDecoder().decode(Value.self, from: Data(bytes[range])) else {
        throw TokenizerError(.malformed, "its model's \(name) is none")
      }
      return value
    }
    // Old files of GPT-2 name no type.
    if let type = try value("type", String.self), type != "BPE" {
      throw TokenizerError(.unsupported, "its model is of the type \(type.quoted()), not BPE")
    }
    for name in ["continuing_subword_prefix", "end_of_word_suffix"] {
      guard try value(name, String.self) ?? "" == "" else {
        throw TokenizerError(.unsupported, "its pieces are marked by a \(name)")
      }
    }
    return Model(
      unknown: try value("unk_token", String.self), readsBytes: try value("byte_fallback", Bool.self) ?? false,
      joinsUnknown: try value("fuse_unk", Bool.self) ?? false)
  }

  private static func isNull(_ value: ArraySlice<UInt8>) -> Bool { value.elementsEqual("null".utf8) }

  /// Where the members of an object stand.
  private static func members(_ bytes: [UInt8], in range: Range<Int>) throws(TokenizerError) -> [String: Range<Int>] {
    var cursor = JSONCursor(bytes, in: range)
    try cursor.enter("{")
    var members: [String: Range<Int>] = [:]
    var isFirst = true
    while try cursor.goesOn(until: "}", &isFirst) {
      let name = String(decoding: try cursor.name(), as: UTF8.self)
      guard members.updateValue(try cursor.skip(), forKey: name) == nil, members.count <= maximumMembers else {
        throw cursor.malformed
      }
    }
    try cursor.finish()
    return members
  }
}
