import Foundation
import Synchronization

/// The keys that messages showed lately, so that a peer's key is read once and not with every message.
final class KnownKeys: Sendable {
  /// Keys kept. Strangers who show more of them make everybody's be read again, which is what it costs without this.
  static let capacity = 1_024

  private let verifiers = Mutex<[Data: MessageVerifier]>([:])

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
}
