import Foundation
import LibP2P
public import NIOCore
import Synchronization

/// Remembers which requests came, for all protocols of the process: make one, and give it to every authorizer.
public final class ReplayMemory: Sendable {
  private let ledger: Mutex<NonceLedger>
  private let now: @Sendable () -> NIODeadline

  /// - Parameters:
  ///   - capacity: requests remembered, for 180 s each. One peer may take half of it.
  ///   - now: the time that passes, which nobody sets.
  public init(capacity: Int = 1 << 20, now: @escaping @Sendable () -> NIODeadline = { .now() }) {
    ledger = Mutex(NonceLedger(capacity: capacity))
    self.now = now
  }

  /// - Throws: ``Refusal`` `auth.replay`.
  func reserve(_ nonce: Data, of peer: PeerID) throws(Refusal) {
    let now = now()
    let outcome: Result<Void, Refusal> = ledger.withLock { ledger in
      Result { () throws(Refusal) in try ledger.reserve(nonce, of: peer, now: now) }
    }
    try outcome.get()
  }
}
