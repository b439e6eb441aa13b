/// Why a phrase or a derivation path gives no key. The texts hold none of the words.
public struct MnemonicError: SubstrateError, Equatable {
  enum Code: String, Sendable {
    case length = "mnemonic.length"
    case word = "mnemonic.word"
    case checksum = "mnemonic.checksum"
    case path = "mnemonic.path"
    case derivation = "mnemonic.derivation"
  }

  private let kind: Code
  public let message: String

  init(_ kind: Code, _ message: String) {
    self.kind = kind
    self.message = message
  }

  public var code: String { kind.rawValue }

  public var remedy: String {
    switch kind {
    case .length: "Give the whole phrase, its words separated by spaces."
    case .word: "Check the word's spelling, in lower case."
    case .checksum: "Check the words and their order."
    case .path: "Write the path like m/44'/60'/0'/0/0."
    case .derivation: "Take the next number as the last step of the path."
    }
  }
}
