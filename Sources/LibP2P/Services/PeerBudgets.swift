package import NIOCore

/// A rate limit for each peer, for as many peers as come.
package struct PeerBudgets: Sendable {
  /// Peers remembered. One that is forgotten begins with a full budget, so those that were idle longest go first.
  static let maximumPeers = 2_048

  private struct Budget {
    var bucket: TokenBucket
    var lastUse: NIODeadline
  }

  private let fresh: TokenBucket
  private var budgets: [PeerID: Budget] = [:]

  /// - Parameters:
  ///   - burst: events allowed at once.
  ///   - interval: time after which one more is allowed.
  package init(burst: Int, interval: TimeAmount) {
    fresh = TokenBucket(burst: burst, interval: interval)
  }

  /// Peers remembered now.
  var count: Int { budgets.count }

  /// Takes one token of `peer`; false when it has none.
  package mutating func take(_ peer: PeerID, now: NIODeadline) -> Bool {
    if budgets.count >= Self.maximumPeers, budgets[peer] == nil { forgetIdle() }
    var budget = budgets[peer] ?? Budget(bucket: fresh, lastUse: now)
    budget.lastUse = now
    defer { budgets[peer] = budget }
    return budget.bucket.take(now: now)
  }

  /// Forgets a quarter of the peers, so that the search for them is paid by many requests.
  private mutating func forgetIdle() {
    for (peer, _) in budgets.sorted(by: { $0.value.lastUse < $1.value.lastUse }).prefix(Self.maximumPeers / 4) {
      budgets[peer] = nil
    }
  }
}
