/// Why a `tokenizer.json` can't be used.
public struct TokenizerError: HosterError, Equatable {
  /// The kinds of failure; the raw value is the stable code.
  public enum Code: String, Sendable {
    case notFound = "tokenizer.not-found"
    case unreadable = "tokenizer.unreadable"
    case tooLarge = "tokenizer.too-large"
    /// The file is no JSON, or lacks what every tokenizer has.
    case malformed = "tokenizer.malformed"
    /// The file is well-formed, but says something that is not done here.
    case unsupported = "tokenizer.unsupported"
    /// Parts of the file contradict each other, or the configured vocabulary.
    case inconsistent = "tokenizer.inconsistent"
  }

  /// Which failure it is.
  public let kind: Code
  public let message: String

  init(_ kind: Code, _ message: String) {
    self.kind = kind
    self.message = message
  }

  public var code: String { kind.rawValue }

  public var remedy: String {
    switch kind {
    case .notFound: "Name the tokenizer.json of the model that the server serves"
    case .unreadable: "Let the node's user read it, and check the disk"
    case .tooLarge: "Check that it is the model's tokenizer.json"
    case .malformed: "Fetch the file again and compare its SHA-256"
    case .unsupported: "Use a model with a BPE tokenizer, or a server that sends token ids, such as vLLM or llama.cpp"
    case .inconsistent: "Use the tokenizer.json of the model that the server serves, and its number of token ids"
    }
  }
}
