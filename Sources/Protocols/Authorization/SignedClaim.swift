public import Foundation
public import LibP2P

/// What a signed message says about itself, for rules to judge. Until ``Signed`` has judged it, anybody may have
/// written it.
public struct SignedClaim: Sendable {
  /// What only requests say.
  public struct Request: Sendable {
    /// When it was signed, in Unix seconds by the caller's clock.
    public let time: Double
    /// The key, in OpenSSH text, that it is meant for; empty if it does not say.
    public let audience: Data
  }

  /// The call that the message belongs to.
  public let call: P2PContext
  /// The key in its access token.
  public let signer: PublicKey
  /// The peer with that key.
  public let signerID: PeerID
  /// Its access token. The message's signature covers it, so its own signature would prove nothing more.
  public let token: AccessToken
  /// The request's nonce, also in responses.
  public let nonce: Data
  /// Nil for a response.
  public let request: Request?
  /// This node's key.
  public let ownKey: PublicKey
  let keys: KnownKeys
  /// When the message came, in Unix seconds by this node's clock.
  public let now: Double
  /// Verifies the signature, which is slow.
  let isSignatureValid: @Sendable () throws(Refusal) -> Bool
}
