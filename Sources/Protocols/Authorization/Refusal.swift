public import LibP2P

/// Why a call or one of its messages is refused.
///
/// The reason is for this node's log and metrics. The peer is told no more than the published nodes tell
/// (mesh-wire.md §3.8).
public struct Refusal: LibP2PError, Hashable {
  /// The kinds of refusal; the raw value is the stable code.
  public enum Code: String, Sendable, CaseIterable {
    /// The chain says that the peer has no stake, or not in the class that is needed.
    case notStaked = "auth.not-staked"
    /// Whether the peer has a stake can't be found out now.
    case stakeUnknown = "auth.stake-unknown"
    /// A message that must be signed isn't.
    case unsigned = "auth.unsigned"
    /// The signature does not match the message and the key.
    case signature = "auth.signature"
    /// The key is of a kind or form that can't be used.
    case key = "auth.key"
    /// The message is signed by another peer than the one that sent it.
    case signer = "auth.signer"
    /// The message is meant for another peer.
    case audience = "auth.audience"
    /// The message was signed too long ago, or in the future.
    case clock = "auth.clock"
    /// The access token is over.
    case expired = "auth.expired"
    /// The nonce was seen before, or can't be remembered.
    case replay = "auth.replay"
    /// The answer does not carry the request's nonce.
    case nonce = "auth.nonce"
    /// The peer asks more often than it may.
    case tooOften = "auth.too-often"
  }

  /// Which refusal it is.
  public let kind: Code
  public let message: String

  /// - Parameter message: what is refused, to whom and why; for this node's operator.
  public init(_ kind: Code, _ message: String) {
    self.kind = kind
    self.message = message
  }

  public var code: String { kind.rawValue }

  public var remedy: String {
    switch kind {
    case .notStaked: "The peer's operator has to register and stake its node, or wait for the class that is needed"
    case .stakeUnknown: "Check the endpoints of the chain"
    case .clock: "Compare both clocks with a time server"
    case .tooOften: "The peer has to slow down; raise the rates if it should not"
    case .unsigned, .signature, .key, .signer, .audience, .expired, .replay, .nonce: ""
    }
  }
}
