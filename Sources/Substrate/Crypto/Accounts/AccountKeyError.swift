/// Why a key, a digest or a signature cannot be used.
public struct AccountKeyError: SubstrateError, Equatable {
  enum Code: String, Sendable {
    case secret = "account.secret"
    case publicKey = "account.public-key"
    case digest = "account.digest"
    case signing = "account.signing"
    case signatureLength = "account.signature.length"
    case recoveryID = "account.signature.recovery-id"
    case signatureRange = "account.signature.range"
    case unrecoverable = "account.signature.unrecoverable"
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
    case .secret: "Give 32 bytes that are a number between 1 and the order of secp256k1."
    case .publicKey: "Give 33, 64 or 65 bytes of a secp256k1 public key."
    case .digest: "Hash the message with Keccak-256 first."
    case .signing: "Check the machine's memory and processor, then try again."
    case .signatureLength, .recoveryID, .signatureRange, .unrecoverable:
      "Ask the signer for r, s and v of a secp256k1 signature over the Keccak-256 hash."
    }
  }
}
