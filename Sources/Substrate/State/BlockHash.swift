/// The 32-byte hash of a block: Blake2b-256 of its encoded header.
public struct BlockHash: Hashable, Sendable, Codable, CustomStringConvertible {
  // Big-endian words. Not a SIMD vector, whose 32-byte alignment async frames don't keep (Swift 6.3).
  private let first: UInt64
  private let second: UInt64
  private let third: UInt64
  private let fourth: UInt64

  /// - Returns: nil unless there are exactly 32 bytes.
  public init?(_ bytes: some Collection<UInt8>) {
    guard bytes.count == 32 else { return nil }
    var words: [UInt64] = [0, 0, 0, 0]
    for (index, byte) in bytes.enumerated() { words[index / 8] = words[index / 8] << 8 | UInt64(byte) }
    (first, second, third, fourth) = (words[0], words[1], words[2], words[3])
  }

  /// Reads `0x` and 64 hex digits.
  public init?(hex text: String) {
    guard text.hasPrefix("0x"), let bytes = Hex.decode(text) else { return nil }
    self.init(bytes)
  }

  public var bytes: [UInt8] {
    let words = [first, second, third, fourth]
    return (0..<32).map { UInt8(truncatingIfNeeded: words[$0 / 8] >> UInt64((7 - $0 % 8) * 8)) }
  }

  public var description: String { Hex.encode(bytes) }
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
