/// The characters in which byte-level tokenizers write bytes, as GPT-2 chose them.
///
/// A byte that is a printable character of Latin-1 stands for itself; the others follow each other from U+0100 on.
enum ByteAlphabet {
  /// Each byte's character in UTF-8.
  static let characters: [[UInt8]] = scalars.map { Array(String($0).utf8) }
  private static let bytes = Dictionary(uniqueKeysWithValues: zip(scalars, UInt8.min...UInt8.max))

  private static let scalars: [Unicode.Scalar] = {
    var next: UInt16 = 0x100
    return (UInt8.min...UInt8.max).map { byte in
      switch byte {
      case 0x21...0x7e, 0xa1...0xac, 0xae...0xff: return Unicode.Scalar(byte)
      default:
        defer { next += 1 }
        // From U+0100 to U+0143, where every number is a character.
        return Unicode.Scalar(next) ?? "\u{fffd}"
      }
    }
  }()

  /// Bytes as a vocabulary writes them.
  static func written(_ bytes: some Sequence<UInt8>) -> [UInt8] { bytes.flatMap { characters[Int($0)] } }

  /// What `text` of a vocabulary stands for; nil if it has a character that stands for no byte.
  static func read(_ text: [UInt8]) -> [UInt8]? {
    var result: [UInt8] = []
    for scalar in String(decoding: text, as: UTF8.self).unicodeScalars {
      guard let byte = bytes[scalar] else { return nil }
      result.append(byte)
    }
    return result
  }
}
