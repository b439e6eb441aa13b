import Foundation

/// How a tokenizer's pieces become text: the part `decoder` of its file, as far as it is known here.
enum TokenizerDecoder: Sendable, Equatable {
  /// Pieces are bytes (GPT-2, Llama 3, Qwen).
  case bytes
  /// Pieces are text with U+2581 for spaces (Llama 2, Gemma, Mistral).
  case spaces(Spaces)

  /// What becomes of pieces of text.
  struct Spaces: Sendable, Equatable {
    /// Whether `<0x0A>` is a byte.
    var readsBytes = false
    /// Whether a space at the beginning of the text is left out, since one was put there before it was cut into pieces.
    var dropsFirstSpace = false
    /// Whether all spaces of the first piece are left out.
    var dropsSpacesOfFirstPiece = false
  }

  /// - Throws: ``TokenizerError`` `tokenizer.malformed` or `tokenizer.unsupported`.
  init(json: [UInt8]) throws(TokenizerError) {
    guard let part = try? JSONDecoder().decode(Part.self, from: Data(json)) else {
      throw TokenizerError(.malformed, "its decoder says nothing that a decoder says")
    }
    let parts = part.type == "Sequence" ? part.decoders ?? [] : [part]
    var (isBytes, hasSpaces, spaces) = (false, false, Spaces())
    for part in parts {
      switch part.type {
      case "ByteLevel": isBytes = true
      case "Fuse": break
      case "ByteFallback": spaces.readsBytes = true
      case "Replace" where part.pattern?.text == "\u{2581}" && part.content == " ": hasSpaces = true
      case "Strip" where part.content == " " && part.stop == 0 && (part.start == 0 || part.start == 1):
        spaces.dropsFirstSpace = part.start == 1
      case "Metaspace" where part.replacement == "\u{2581}":
        hasSpaces = true
        spaces.dropsSpacesOfFirstPiece = part.prepend_scheme.map { $0 != "never" } ?? part.add_prefix_space ?? true
      default: throw TokenizerError(.unsupported, "its decoder \(part.type.quoted()) is not known, or not as it is set")
      }
    }
    guard isBytes != hasSpaces, !isBytes || spaces == Spaces() else {
      throw TokenizerError(.unsupported, "its decoder makes neither bytes nor spaces of its pieces")
    }
    self = isBytes ? .bytes : .spaces(spaces)
  }

  /// The members as they are called in the file.
  private struct Part: Decodable {
    struct Pattern: Decodable {
      enum CodingKeys: String, CodingKey {
        case text = "String"
      }

      let text: String?
    }

    let type: String
    let decoders: [Part]?
    let pattern: Pattern?
    let content: String?
    let start: Int?
    let stop: Int?
    let replacement: String?
    let prepend_scheme: String?
    let add_prefix_space: Bool?
  }
}
