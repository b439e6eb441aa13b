/// Turns token ids into text and pieces of text into token ids, as the model of a `tokenizer.json` does.
///
/// For servers that take and send text alone. It knows BPE of both kinds: byte-level, and with U+2581 for spaces and
/// bytes such as `<0x0A>` for what has no piece.
public struct Tokenizer: Sendable {
  /// The longest piece of an answer, in bytes.
  static let maximumPiece = 1 << 16
  private static let (space, spaceMark): (UInt8, [UInt8]) = (0x20, Array("\u{2581}".utf8))

  /// A token as it stands in the file.
  struct Piece: Sendable {
    let text: [UInt8]
    /// Whether it is text as it is, and never cut.
    var isAdded = false
    /// The byte that it stands for, if that is all.
    var byte: UInt8?
  }

  private let decoder: TokenizerDecoder
  /// By token id; nil where the file has a hole.
  private let pieces: [Piece?]
  private let ids: [[UInt8]: Int32]
  private let addedIDs: [[UInt8]: Int32]
  /// The token of each byte, for what has no other.
  private let byteIDs: [Int32?]
  private let merges: BytePairMerges
  private let unknown: Int32?
  private let joinsUnknown: Bool

  /// Reads a file.
  ///
  /// - Parameter vocabularySize: below which all its token ids have to be.
  /// - Throws: ``TokenizerError``.
  public init(contentsOf path: String, vocabularySize: Int) throws(TokenizerError) {
    do {
      let file = try ModelFile(path, maximumSize: TokenizerFile.maximumSize)
      self = try Tokenizer(json: try file.read(file.size), vocabularySize: vocabularySize)
    } catch let error as TokenizerError {
      throw TokenizerError(error.kind, "\(path): \(error.message)")
    } catch let error as ModelError {
      let kinds: [ModelError.Code: TokenizerError.Code] = [.notFound: .notFound, .tooLarge: .tooLarge]
      throw TokenizerError(kinds[error.kind] ?? .unreadable, error.message)
    } catch {
      throw TokenizerError(.unreadable, "\(path): \(error)")
    }
  }

  /// - Throws: ``TokenizerError``.
  init(json: [UInt8], vocabularySize: Int) throws(TokenizerError) {
    let file = try TokenizerFile(json: json)
    let limit = min(vocabularySize, TokenizerFile.maximumCount)
    var table = TokenizerTable(limit: limit)
    try file.vocabulary { (text, id) throws(TokenizerError) in try table.add(text, id) }
    for added in file.added { try table.add(added) }
    var merges = BytePairMerges()
    try file.merges { (left, right) throws(TokenizerError) in
      guard merges.count < TokenizerFile.maximumCount else {
        throw TokenizerError(.tooLarge, "it has more than \(TokenizerFile.maximumCount) merges")
      }
      merges.add(try table.id(left), try table.id(right), as: try table.id(left + right))
    }
    decoder = file.decoder
    let readsBytes = file.model.readsBytes
    byteIDs = (UInt8.min...UInt8.max).map { byte in
      switch file.decoder {
      case .bytes: table.ids[ByteAlphabet.characters[Int(byte)]]
      case .spaces: readsBytes ? table.ids[Self.name(of: byte)] : nil
      }
    }
    if case .spaces = file.decoder {
      for (byte, id) in byteIDs.enumerated() {
        if let id { table.pieces[Int(id)]?.byte = UInt8(byte) }
      }
    }
    unknown = try file.model.unknown.map { (text) throws(TokenizerError) in try table.id(Array(text.utf8)) }
    joinsUnknown = file.model.joinsUnknown
    (pieces, ids, addedIDs, self.merges) = (table.pieces, table.ids, table.addedIDs, merges)
  }

  private static func name(of byte: UInt8) -> [UInt8] {
    let digits = String(byte, radix: 16, uppercase: true)
    return Array("<0x\(digits.count == 1 ? "0" : "")\(digits)>".utf8)
  }
}

// MARK: - Ids to text

extension Tokenizer {
  /// The text that token ids stand for. What is no UTF-8 in it becomes U+FFFD, and an id without a piece nothing.
  public func decode(_ tokens: [Int32]) -> String {
    let pieces = tokens.compactMap { self.pieces.indices.contains(Int($0)) ? self.pieces[Int($0)] : nil }
    switch decoder {
    case .bytes:
      let bytes = pieces.flatMap { $0.isAdded ? $0.text : ByteAlphabet.read($0.text) ?? $0.text }
      return String(decoding: bytes, as: UTF8.self)
    case .spaces(let how): return text(of: pieces, how)
    }
  }

  private func text(of pieces: [Piece], _ how: TokenizerDecoder.Spaces) -> String {
    var text: [UInt8] = []
    var bytes: [UInt8] = []
    func endBytes() {
      // Bytes that are no characters become a U+FFFD each, not one for what may have been one.
      let isText = String(validating: bytes, as: UTF8.self) != nil
      text += isText ? bytes : bytes.flatMap { _ in Array("\u{fffd}".utf8) }
      bytes.removeAll()
    }
    for (index, piece) in pieces.enumerated() {
      if how.readsBytes, let byte = piece.byte {
        bytes.append(byte)
        continue
      }
      endBytes()
      let drops = index == 0 && how.dropsSpacesOfFirstPiece
      text += Self.replacing(piece.text, Self.spaceMark, by: drops ? [] : [Self.space])
    }
    endBytes()
    if how.dropsFirstSpace, text.first == Self.space { text.removeFirst() }
    return String(decoding: text, as: UTF8.self)
  }

  private static func replacing(_ text: [UInt8], _ mark: [UInt8], by other: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    var rest = text[...]
    while let first = rest.first {
      if rest.starts(with: mark) {
        result += other
        rest = rest.dropFirst(mark.count)
      } else {
        result.append(first)
        rest = rest.dropFirst()
      }
    }
    return result
  }
}

// MARK: - Text to ids

extension Tokenizer {
  /// The token ids of a piece of an answer: the token that it is, or else those that it is merged to.
  ///
  /// - Throws: ``InferenceError`` `inference.upstream` for one that is too long, or has characters that no token has.
  func encode(_ piece: String) throws(InferenceError) -> [Int32] {
    let text = Array(piece.utf8)
    guard text.count <= Self.maximumPiece else {
      throw InferenceError(.upstream, "the model server sent a piece of \(text.count) bytes")
    }
    guard !text.isEmpty else { return [] }
    if let token = token(of: text) { return [token] }
    return merges.apply(to: try parts(of: piece))
  }

  private func token(of text: [UInt8]) -> Int32? {
    let written =
      decoder == .bytes ? ByteAlphabet.written(text) : Self.replacing(text, [Self.space], by: Self.spaceMark)
    // Text such as <0x0A> is not the byte.
    if let id = ids[written], pieces[Int(id)]?.byte == nil { return id }
    return addedIDs[text]
  }

  /// The tokens of its bytes, or of its characters.
  private func parts(of piece: String) throws(InferenceError) -> [Int32] {
    var tokens: [Int32] = []
    var isAfterUnknown = false
    func addUnknown() throws(InferenceError) {
      guard let unknown else {
        throw InferenceError(.upstream, "the model server sent text that the tokenizer has no tokens for")
      }
      if !(isAfterUnknown && joinsUnknown) { tokens.append(unknown) }
      isAfterUnknown = true
    }
    func add(_ known: [Int32]) {
      tokens += known
      isAfterUnknown = false
    }
    if decoder == .bytes {
      for byte in piece.utf8 {
        if let id = byteIDs[Int(byte)] { add([id]) } else { try addUnknown() }
      }
      return tokens
    }
    for scalar in piece.unicodeScalars {
      let written = scalar == " " ? Self.spaceMark : Array(String(scalar).utf8)
      let bytes = String(scalar).utf8.compactMap { byteIDs[Int($0)] }
      if let id = ids[written] {
        add([id])
      } else if bytes.count == String(scalar).utf8.count {
        add(bytes)
      } else {
        try addUnknown()
      }
    }
    return tokens
  }
}
