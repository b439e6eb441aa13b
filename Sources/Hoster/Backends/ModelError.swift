/// Why a model's files can't be read or written.
public struct ModelError: HosterError, Equatable {
  /// The kinds of failure; the raw value is the stable code.
  public enum Code: String, Sendable {
    case notFound = "model.not-found"
    case unreadable = "model.unreadable"
    case exists = "model.exists"
    case unwritable = "model.unwritable"
    case tooLarge = "model.too-large"
    /// The file ended before it held what its beginning promised.
    case truncated = "model.truncated"
    /// The file breaks the rules of its format.
    case malformed = "model.malformed"
    /// The files are well-formed, but say something that this program can't compute.
    case unsupported = "model.unsupported"
    case tensorMissing = "model.tensor-missing"
    case tensorShape = "model.tensor-shape"
    /// A weight is infinite or not a number.
    case notFinite = "model.not-finite"
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
    case .notFound: "Name a folder with config.json and model.safetensors, or make one with: validatord model init"
    case .unreadable: "Let the node's user read it, and check the disk"
    case .exists: "Choose another folder, or move the old model away"
    case .unwritable: "Check the folder and the disk"
    case .tooLarge: "Use a smaller model, or a server of its own for it"
    case .truncated, .malformed, .notFinite: "Fetch the file again and compare its SHA-256"
    case .unsupported: "Only GPT-2 models are computed here; serve others with a server of their own"
    case .tensorMissing, .tensorShape: "Use the config.json that belongs to the weights"
    }
  }
}
