/// The 32-byte hash of a block: Blake2b-256 of its encoded header.
public struct BlockHash: Hashable, Sendable, CustomStringConvertible {
  // Four words and no vector: a vector's alignment of 32 bytes is more than async frames are given.
  private let words: Words

  private struct Words: Hashable, Sendable {
    var first: UInt64 = 0
    var second: UInt64 = 0
    var third: UInt64 = 0
    var fourth: UInt64 = 0
  }

  /// - Returns: nil unless there are exactly 32 bytes.
  public init?(_ bytes: some Collection<UInt8>) {
    guard bytes.count == 32 else { return nil }
    var words = Words()
    for byte in bytes {
      words.first = words.first << 8 | words.second >> 56
      words.second = words.second << 8 | words.third >> 56
      words.third = words.third << 8 | words.fourth >> 56
      words.fourth = words.fourth << 8 | UInt64(byte)
    }
    self.words = words
  }

  /// Reads `0x` and 64 hex digits.
  public init?(hex text: String) {
    guard text.hasPrefix("0x"), let bytes = Hex.decode(text) else { return nil }
    self.init(bytes)
  }

  public var bytes: [UInt8] {
    [words.first, words.second, words.third, words.fourth].flatMap { word in
      (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64(56 - $0 * 8)) }
    }
  }

  public var description: String { Hex.encode(bytes) }
}

/// Stored as its text.
extension BlockHash: Codable {
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    guard let hash = BlockHash(hex: try container.decode(String.self)) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "a block hash is 0x and 64 hex digits")
    }
    self = hash
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}

/// A block by height and hash.
public struct BlockReference: Hashable, Sendable, Codable, CustomStringConvertible {
  public let number: UInt64
  public let hash: BlockHash

  public init(number: UInt64, hash: BlockHash) {
    self.number = number
    self.hash = hash
  }

  public var description: String { "#\(number) \(hash)" }
}
