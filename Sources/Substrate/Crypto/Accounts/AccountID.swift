/// A 20-byte account: the end of the Keccak-256 hash of a secp256k1 public key (chain.md §2).
///
/// Text is `0x` and 40 hexadecimal digits. Upper and lower case mixed is a checksum (EIP-55) and has
/// to be right; a spelling in one case carries none and is taken as it is. SCALE is the raw 20 bytes.
public struct AccountID: Hashable, Sendable, Comparable, Codable, CustomStringConvertible {
  /// Bytes in an account id.
  public static let length = 20

  /// Big-endian words, so that comparing them in turn compares the bytes.
  private let head: UInt64
  private let middle: UInt64
  private let tail: UInt32

  /// Takes the raw bytes.
  ///
  /// - Throws: ``AccountIDError`` `account.length` unless there are exactly 20.
  public init(bytes: some Collection<UInt8>) throws {
    guard bytes.count == Self.length else {
      throw AccountIDError(.length, "an account id has 20 bytes, not \(bytes.count)")
    }
    self.init(hash: bytes)
  }

  /// Takes the last 20 bytes of `hash`, the form in which a public key gives its account; fewer are led by zeros.
  public init(hash: some Collection<UInt8>) {
    var words: (UInt64, UInt64, UInt32) = (0, 0, 0)
    for (position, byte) in hash.suffix(Self.length).enumerated() {
      switch position {
      case 0..<8: words.0 = words.0 &<< 8 | UInt64(byte)
      case 8..<16: words.1 = words.1 &<< 8 | UInt64(byte)
      default: words.2 = words.2 &<< 8 | UInt32(byte)
      }
    }
    (head, middle, tail) = words
  }

  /// Reads `0x` and 40 hexadecimal digits in any case.
  ///
  /// - Throws: ``AccountIDError``: `account.text` for anything else, `account.checksum` if the case of
  ///   the letters is mixed and is not the spelling that EIP-55 prescribes.
  public init(_ text: String) throws {
    let digits = text.utf8.dropFirst(2)
    guard text.utf8.starts(with: "0x".utf8), digits.count == 2 * Self.length,
      let bytes = Hexadecimal.bytes(digits)
    else {
      throw AccountIDError(.text, "not an account id")
    }
    try self.init(bytes: bytes)
    let hasUpper = digits.contains { (UInt8(ascii: "A")...UInt8(ascii: "F")).contains($0) }
    let hasLower = digits.contains { (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0) }
    if hasUpper && hasLower && text != description {
      throw AccountIDError(.checksum, "\(text) fails the EIP-55 checksum in its upper and lower case letters")
    }
  }

  /// The raw 20 bytes: the SCALE form.
  public var bytes: [UInt8] {
    [UInt8](unsafeUninitializedCapacity: Self.length) { buffer, count in
      count = withUnsafeBytes(of: head.bigEndian) { buffer.initialize(fromContentsOf: $0) }
      for word in [UInt32(truncatingIfNeeded: middle &>> 32), UInt32(truncatingIfNeeded: middle), tail] {
        let rest = UnsafeMutableBufferPointer(rebasing: buffer[count...])
        count += withUnsafeBytes(of: word.bigEndian) { rest.initialize(fromContentsOf: $0) }
      }
    }
  }

  /// The lower case text with `0x`.
  public var hex: String {
    "0x" + Hexadecimal.text(bytes)
  }

  /// The text with `0x` in the letter case of EIP-55.
  public var description: String {
    let digits = Array(Hexadecimal.text(bytes).utf8)
    let hash = Keccak256.hash(digits)
    var spelled = Array("0x".utf8)
    for (position, digit) in digits.enumerated() {
      let nibble = position.isMultiple(of: 2) ? hash[position / 2] >> 4 : hash[position / 2] & 0x0f
      let isLetter = digit >= UInt8(ascii: "a")
      spelled.append(isLetter && nibble >= 8 ? digit - 0x20 : digit)
    }
    return String(decoding: spelled, as: UTF8.self)
  }

  /// Orders by the bytes, first to last: the order of a `BTreeMap` on the chain.
  public static func < (left: AccountID, right: AccountID) -> Bool {
    (left.head, left.middle, left.tail) < (right.head, right.middle, right.tail)
  }

  /// Reads the text form; throws what ``init(_:)`` throws.
  public init(from decoder: any Decoder) throws {
    try self.init(decoder.singleValueContainer().decode(String.self))
  }

  /// Writes ``description``.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
