import Crypto
import Foundation
import _CryptoExtras

/// A secret written as English words with a checksum (BIP-39), from which account keys derive.
///
/// The same phrase gives the same account here, in substrate-interface for ECDSA keys and in Ethereum
/// wallets. Unlike substrate-interface, which takes any text, a wrong word or checksum is refused,
/// since the account it would lead to is nobody's intention.
public struct Mnemonic: Sendable {
  /// How many words a phrase may have: 128, 160, 192, 224 or 256 bits of entropy.
  public enum WordCount: Int, Sendable, CaseIterable {
    case twelve = 12
    case fifteen = 15
    case eighteen = 18
    case twentyOne = 21
    case twentyFour = 24

    var entropyLength: Int { rawValue / 3 * 4 }
    /// Bits of checksum at the end of the last word.
    var checksumBits: Int { rawValue / 3 }
  }

  /// The most UTF-8 bytes that ``init(_:)`` looks at; 24 words of eight letters take 215.
  public static let maximumLength = 1024

  private static let bitsPerWord = 11
  private static let seedRounds = 2048
  private static let seedLength = 64

  /// The words in UTF-8 with one space between.
  private let sentence: SecretBytes

  /// Reads words with any white space around them.
  ///
  /// - Throws: ``MnemonicError``: `mnemonic.length` for another number of words, `mnemonic.word` for a
  ///   word outside the list, `mnemonic.checksum` if they do not belong together.
  public init(_ phrase: String) throws {
    guard phrase.utf8.count <= Self.maximumLength else {
      throw MnemonicError(.length, "a phrase is longer than \(Self.maximumLength) bytes")
    }
    let words = phrase.split(whereSeparator: \.isWhitespace).map(String.init)
    guard let count = WordCount(rawValue: words.count) else {
      throw MnemonicError(.length, "a phrase has 12, 15, 18, 21 or 24 words, not \(words.count)")
    }
    var bits = BitWriter()
    defer { bits.bytes.wipe() }
    for (position, word) in words.enumerated() {
      guard let value = EnglishWords.values[word] else {
        throw MnemonicError(.word, "word \(position + 1) of the phrase is not in the English list of BIP-39")
      }
      bits.append(value, count: Self.bitsPerWord)
    }
    bits.flush()
    let entropy = bits.bytes.prefix(count.entropyLength)
    let checksum = bits.bytes.dropFirst(count.entropyLength)
    guard checksum.elementsEqual([Self.checksum(of: entropy, count)]) else {
      throw MnemonicError(.checksum, "the words of the phrase do not belong together")
    }
    sentence = SecretBytes(Array(words.joined(separator: " ").utf8))
  }

  /// A new phrase from the system's random numbers.
  public static func generate(_ count: WordCount = .twelve) -> Mnemonic {
    var generator = SystemRandomNumberGenerator()
    return generate(count, using: &generator)
  }

  /// A new phrase from `generator`, which must be fit for cryptography.
  public static func generate(
    _ count: WordCount = .twelve, using generator: inout some RandomNumberGenerator
  ) -> Mnemonic {
    var entropy: [UInt8] = []
    entropy.reserveCapacity(count.entropyLength)
    for _ in 0..<count.entropyLength { entropy.append(.random(in: .min ... .max, using: &generator)) }
    defer { entropy.wipe() }
    return Mnemonic(entropy: entropy, count)
  }

  /// The phrase of `entropy`, which has `count.entropyLength` bytes.
  init(entropy: [UInt8], _ count: WordCount) {
    var bits = BitReader(bytes: entropy + [Self.checksum(of: entropy[...], count)])
    defer { bits.bytes.wipe() }
    let words = (0..<count.rawValue).map { _ in EnglishWords.all[Int(bits.read(Self.bitsPerWord))] }
    sentence = SecretBytes(Array(words.joined(separator: " ").utf8))
  }

  /// The words with one space between: the secret itself, for showing it to its owner once.
  public var phrase: String {
    sentence.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
  }

  /// The 64-byte seed: PBKDF2 of the phrase salted with `passphrase` in normal form KD.
  ///
  /// Any passphrase gives a valid seed, so a mistyped one leads to another account, not to an error.
  ///
  /// - Throws: what swift-crypto reports if its PBKDF2 cannot run.
  public func seed(passphrase: String = "") throws -> [UInt8] {
    try seed(passphrase: Array(passphrase.decomposedStringWithCompatibilityMapping.utf8))
      .withUnsafeBytes { Array($0) }
  }

  /// The account key at `path`.
  ///
  /// - Throws: ``MnemonicError`` `mnemonic.derivation` if the path has no key, which happens once in
  ///   2^127 paths.
  public func accountKey(
    at path: DerivationPath = .ethereum, passphrase: String = ""
  ) throws -> AccountKey {
    try accountKey(at: path, passphrase: Array(passphrase.decomposedStringWithCompatibilityMapping.utf8))
  }

  /// The account key at `path` with the bytes of a passphrase as they are.
  func accountKey(at path: DerivationPath, passphrase: [UInt8]) throws -> AccountKey {
    var key = ExtendedKey(seed: try seed(passphrase: passphrase))
    for index in path.indices { key = try key.child(index) }
    return try AccountKey(key.secret)
  }

  private func seed(passphrase: [UInt8]) throws -> SecretBytes {
    let seed = try sentence.withUnsafeBytes { sentence in
      try KDF.Insecure.PBKDF2.deriveKey(
        from: sentence, salt: Array("mnemonic".utf8) + passphrase, using: .sha512,
        outputByteCount: Self.seedLength, unsafeUncheckedRounds: Self.seedRounds)
    }
    return seed.withUnsafeBytes { SecretBytes($0) }
  }

  /// The first bits of SHA-256 of the entropy, at the top of a byte.
  private static func checksum(of entropy: ArraySlice<UInt8>, _ count: WordCount) -> UInt8 {
    let first = SHA256.hash(data: entropy).first { _ in true } ?? 0
    return first & ~(0xff >> UInt8(count.checksumBits))
  }
}

extension Mnemonic: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// Never the words.
  public var description: String { "Mnemonic(secret)" }

  /// Never the words.
  public var debugDescription: String { description }

  /// Never the words.
  public var customMirror: Mirror { Mirror(self, children: []) }
}
