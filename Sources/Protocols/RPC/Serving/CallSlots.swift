import LibP2P

/// Counts the calls of one procedure that run, as a value.
struct CallSlots {
  let limits: CallLimits
  private(set) var total = 0
  private var byPeer: [PeerID: Int] = [:]

  init(limits: CallLimits) { self.limits = limits }

  /// Takes a place for a call of `peer`; false if there is none.
  mutating func enter(_ peer: PeerID) -> Bool {
    let own = byPeer[peer, default: 0]
    guard total < limits.concurrentCalls, own < limits.concurrentCallsPerPeer else { return false }
    total += 1
    byPeer[peer] = own + 1
    return true
  }

  /// Gives back the place of a call that ``enter(_:)`` let in.
  mutating func leave(_ peer: PeerID) {
    guard let own = byPeer[peer] else { return }
    total -= 1
    byPeer[peer] = own > 1 ? own - 1 : nil
  }
}
