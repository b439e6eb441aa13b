/// The way from a seed to a key through the tree of BIP-32, as in `m/44'/60'/0'/0/0`.
public struct DerivationPath: Hashable, Sendable, CustomStringConvertible {
  /// The first account of an Ethereum wallet (BIP-44 with coin type 60), which is also what
  /// substrate-interface derives when it is given no path.
  public static let ethereum = DerivationPath(indices: [hardened | 44, hardened | 60, hardened, 0, 0])

  /// The most steps that are read; BIP-44 has five.
  public static let maximumDepth = 16

  static let hardened: UInt32 = 1 << 31

  /// The child numbers, hardened ones from 2^31.
  public let indices: [UInt32]

  private init(indices: [UInt32]) {
    self.indices = indices
  }

  /// Reads `m/` and one or more numbers below 2^31 with `/` between, `'` after a number hardening it.
  ///
  /// - Throws: ``MnemonicError`` `mnemonic.path` for any other text.
  public init(_ text: String) throws {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.first == "m", (2...Self.maximumDepth + 1).contains(parts.count) else {
      throw MnemonicError(.path, "not a derivation path of 1 to \(Self.maximumDepth) steps")
    }
    indices = try parts.dropFirst().map { step in
      let isHardened = step.hasSuffix("'")
      let digits = isHardened ? step.dropLast() : step
      guard digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
        let number = UInt32(digits), number < Self.hardened
      else {
        throw MnemonicError(.path, "a step of the derivation path is not a number below 2147483648")
      }
      return isHardened ? number | Self.hardened : number
    }
  }

  /// The text form.
  public var description: String {
    indices.reduce(into: "m") { text, index in
      text += "/\(index & ~Self.hardened)" + (index & Self.hardened == 0 ? "" : "'")
    }
  }
}
