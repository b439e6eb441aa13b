import Foundation
import LibP2P
import Protocols
import SwiftProtobuf
import Synchronization

/// Marks numbers with their sender in place of a signature, so that tests see what is signed and what is judged.
final class Marking: Authorizer {
  /// Messages that are signed rightly before they are signed wrongly.
  private let honest: Int
  private let signed = Mutex(0)
  private let judged = Mutex(0)
  private let key = Mutex<PublicKey?>(nil)

  init(honest: Int = .max) { self.honest = honest }

  /// Messages that were judged so far.
  var judgements: Int { judged.withLock(\.self) }

  /// The remote key of the last call.
  var seenKey: PublicKey? { key.withLock(\.self) }

  func authorize(_ call: P2PContext) -> any CallAuthorization {
    key.withLock { $0 = call.remoteKey }
    return Call(authorizer: self, call: call)
  }

  private struct Call: CallAuthorization {
    let authorizer: Marking
    let call: P2PContext

    func sign<Content: Message>(_ message: Content) throws(Refusal) -> Content {
      let count = authorizer.signed.withLock { count in
        count += 1
        return count
      }
      guard var number = message as? TestNumber else { throw Refusal(.unsigned, "no number") }
      number.mark = Data((count > authorizer.honest ? "forged" : "\(call.localID)").utf8)
      guard let marked = number as? Content else { throw Refusal(.unsigned, "no number") }
      return marked
    }

    func verify<Content: Message>(_ message: Content) throws(Refusal) {
      authorizer.judged.withLock { $0 += 1 }
      guard let number = message as? TestNumber, number.mark == Data("\(call.remoteID)".utf8) else {
        throw Refusal(.signature, "the mark is not \(call.remoteID)'s")
      }
    }
  }
}
