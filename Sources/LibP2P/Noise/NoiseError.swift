/// Why a secure channel is not made, or ends.
public struct NoiseError: LibP2PError, Equatable {
  /// The kinds of failure; the raw value is the stable code.
  public enum Code: String, Sendable {
    /// A message is too short, too long or cut.
    case malformed = "noise.malformed"
    /// A message was changed on its way, or the peer has other keys.
    case decryption = "noise.decryption"
    /// The peer sent a public key that gives a secret which everybody knows.
    case lowOrder = "noise.low-order"
    /// The identity inside the handshake can't be read.
    case payload = "noise.payload"
    /// The identity did not sign the peer's static key.
    case signature = "noise.signature"
    /// Another peer answered than the one that was dialed.
    case peerMismatch = "noise.peer-mismatch"
    /// The channel has sent all the messages that its keys allow.
    case nonceExhausted = "noise.nonce-exhausted"
    /// A message that comes after the handshake's end or failure.
    case outOfOrder = "noise.out-of-order"
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
    case .peerMismatch: "Check the peer id in the address; the address may have changed hands"
    case .nonceExhausted: "Dial the peer again"
    case .malformed, .decryption, .lowOrder, .payload, .signature, .outOfOrder:
      "Close the connection; the peer breaks the protocol, or somebody stands between"
    }
  }
}
