import Foundation
import LibP2P

/// A peer's key, as it stands in access tokens, ready to verify messages (mesh-wire.md §3.2 and §3.3).
struct MessageVerifier: Sendable {
  let key: PublicKey
  let peerID: PeerID
  private let rsa: RSAPSSKey?

  /// - Parameter text: OpenSSH text, with or without a comment.
  /// - Throws: ``Refusal`` `auth.key`.
  init(openSSH text: Data) throws(Refusal) {
    do {
      try self.init(PublicKey(openSSH: String(decoding: text, as: UTF8.self)))
    } catch {
      throw Refusal(.key, "a message shows a key that can't be used: \(error.message)")
    }
  }

  init(_ key: PublicKey) {
    self.key = key
    peerID = PeerID(key)
    rsa = key.rsaDER.flatMap(RSAPSSKey.init(publicDER:))
  }

  /// Whether the base64 text is this key's signature: RFC 8032 for Ed25519, PSS for RSA, nothing for other keys.
  func isValidSignature(_ text: Data, for message: [UInt8]) -> Bool {
    guard let signature = LenientBase64.decode(text) else { return false }
    return switch key.type {
    case .ed25519: key.isValidSignature(signature, for: message)
    case .rsa: rsa?.isValidSignature(signature, for: message) ?? false
    case .secp256k1: false
    }
  }
}
