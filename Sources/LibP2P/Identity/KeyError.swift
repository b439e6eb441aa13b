/// Why a key can't be read or used.
public struct KeyError: LibP2PError, Equatable {
  /// The kinds of failure; the raw value is the stable code.
  public enum Code: String, Sendable {
    case malformed = "key.malformed"
    case unsupportedType = "key.unsupported-type"
    case size = "key.size"
    case notCanonical = "key.not-canonical"
    case mismatch = "key.mismatch"
    case text = "key.text"
    case signing = "key.signing"
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
    case .malformed, .notCanonical: "The bytes must be a libp2p key in its one canonical encoding"
    case .unsupportedType: "Use Ed25519, secp256k1 or RSA"
    case .size: "RSA keys must have 2048 to 8192 bits"
    case .mismatch: "The private key's file is damaged; restore it from a backup"
    case .text: "An OpenSSH public key reads ssh-ed25519 or ssh-rsa, a space, and base64"
    case .signing: "Check that the key file is sound"
    }
  }
}
