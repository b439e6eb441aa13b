import Foundation
import LibP2P
import Synchronization

/// The keys that messages showed lately, so that a peer's key is read once and not with every message, and the texts of
/// those that messages are for.
final class KnownKeys: Sendable {
  /// Keys kept. Strangers who show more of them make everybody's be read again, which is what it costs without this.
  static let capacity = 1_024

  private let verifiers = Mutex<[Data: MessageVerifier]>([:])
  private let texts = Mutex<[PeerID: Data]>([:])

  /// How many are kept now.
  var count: Int { verifiers.withLock(\.count) }

  /// - Parameter text: OpenSSH text, with or without a comment.
  /// - Throws: ``Refusal`` `auth.key`.
  func verifier(_ text: Data) throws(Refusal) -> MessageVerifier {
    if let known = verifiers.withLock({ $0[text] }) { return known }
    let verifier = try MessageVerifier(openSSH: text)
    verifiers.withLock { verifiers in
      if verifiers.count >= Self.capacity { verifiers.removeAll(keepingCapacity: true) }
      verifiers[text] = verifier
    }
    return verifier
  }

  /// A peer's key in OpenSSH text; nil for one that has none.
  func text(of peer: PeerID, _ key: PublicKey) -> Data? {
    if let known = texts.withLock({ $0[peer] }) { return known }
    guard let text = key.openSSH.map({ Data($0.utf8) }) else { return nil }
    texts.withLock { texts in
      if texts.count >= Self.capacity { texts.removeAll(keepingCapacity: true) }
      texts[peer] = text
    }
    return text
  }
}
