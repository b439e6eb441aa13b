package import NIOCore

/// A rate limit for each peer, for as many peers as come.
package struct PeerBudgets: Sendable {
  /// Peers remembered. One that is forgotten begins with a full budget, so those that were idle longest go first.
  static let maximumPeers = 2_048

  private let fresh: TokenBucket
  private var budgets = BudgetTable<PeerID>(capacity: maximumPeers)

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
    budgets.take(peer, fresh: fresh, now: now)
  }
}
