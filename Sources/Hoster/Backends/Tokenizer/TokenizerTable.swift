/// The vocabulary of a tokenizer while it is read.
struct TokenizerTable {
  private(set) var ids: [[UInt8]: Int32] = [:]
  /// Those of tokens that are never cut; they need not be in the vocabulary.
  private(set) var addedIDs: [[UInt8]: Int32] = [:]
  /// By token id.
  var pieces: [Tokenizer.Piece?] = []
  /// Below which all ids have to be.
  private let limit: Int

  init(limit: Int) { self.limit = limit }

  /// Adds an entry of the vocabulary.
  mutating func add(_ text: [UInt8], _ id: Int) throws(TokenizerError) {
    try place(Tokenizer.Piece(text: text), id)
    guard ids.updateValue(Int32(id), forKey: text) == nil else {
      throw TokenizerError(.inconsistent, "its vocabulary has \(Self.shown(text)) twice")
    }
  }

  /// Adds a token that is never cut. If the vocabulary has it, then by the same id.
  mutating func add(_ added: TokenizerFile.Added) throws(TokenizerError) {
    let text = Array(added.content.utf8)
    let piece = Tokenizer.Piece(text: text, isAdded: true)
    if let id = ids[text] {
      guard Int(id) == added.id else {
        throw TokenizerError(.inconsistent, "it has \(Self.shown(text)) as token \(id) and as token \(added.id)")
      }
      pieces[added.id] = piece
    } else {
      try place(piece, added.id)
    }
    guard addedIDs.updateValue(Int32(added.id), forKey: text) == nil else {
      throw TokenizerError(.inconsistent, "its added_tokens have \(Self.shown(text)) twice")
    }
  }

  /// The id of an entry that something else in the file names.
  func id(_ text: [UInt8]) throws(TokenizerError) -> Int32 {
    if let id = ids[text] ?? addedIDs[text] { return id }
    throw TokenizerError(.inconsistent, "it names \(Self.shown(text)), which is not in its vocabulary")
  }

  private mutating func place(_ piece: Tokenizer.Piece, _ id: Int) throws(TokenizerError) {
    guard 0..<limit ~= id else {
      throw TokenizerError(.inconsistent, "it has token \(id), but there are \(limit) token ids")
    }
    if id >= pieces.count { pieces += Array(repeating: nil, count: id + 1 - pieces.count) }
    guard pieces[id] == nil else {
      throw TokenizerError(.inconsistent, "it has token \(id) as \(Self.shown(piece.text)) and as another")
    }
    pieces[id] = piece
  }

  private static func shown(_ text: [UInt8]) -> String { String(decoding: text, as: UTF8.self).quoted() }
}
