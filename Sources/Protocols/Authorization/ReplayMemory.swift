import Foundation
import LibP2P
import Synchronization

/// Remembers which requests came, for all protocols of the process: make one, and give it to every authorizer.
public final class ReplayMemory: Sendable {
  private let ledger: Mutex<NonceLedger>

  /// - Parameter capacity: requests remembered, for 180 s each. One peer may take half of it.
  public init(capacity: Int = 1 << 20) { ledger = Mutex(NonceLedger(capacity: capacity)) }

  /// - Throws: ``Refusal`` `auth.replay`.
  func reserve(_ nonce: Data, of peer: PeerID, now: Double) throws(Refusal) {
    let outcome: Result<Void, Refusal> = ledger.withLock { ledger in
      Result { () throws(Refusal) in try ledger.reserve(nonce, of: peer, now: now) }
    }
    try outcome.get()
  }
}
