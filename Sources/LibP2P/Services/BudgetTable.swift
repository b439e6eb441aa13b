package import NIOCore

/// Token buckets by key, for as many keys as come.
package struct BudgetTable<Key: Hashable & Sendable>: Sendable {
  private struct Budget {
    var bucket: TokenBucket
    var lastUse: NIODeadline
  }

  private let capacity: Int
  private var budgets: [Key: Budget] = [:]

  /// - Parameter capacity: keys remembered. One that is forgotten begins with a full bucket, so those that were idle
  ///   longest go first.
  package init(capacity: Int) { self.capacity = max(1, capacity) }

  /// Keys remembered now.
  package var count: Int { budgets.count }

  /// Takes one token of `key`; false when it has none.
  ///
  /// - Parameter fresh: the bucket of a key that is not remembered.
  package mutating func take(_ key: Key, fresh: TokenBucket, now: NIODeadline) -> Bool {
    if budgets.count >= capacity, budgets[key] == nil { forgetIdle() }
    var budget = budgets[key] ?? Budget(bucket: fresh, lastUse: now)
    budget.lastUse = now
    defer { budgets[key] = budget }
    return budget.bucket.take(now: now)
  }

  /// Forgets a quarter of the keys, so that the search for them is paid by many requests.
  private mutating func forgetIdle() {
    for (key, _) in budgets.sorted(by: { $0.value.lastUse < $1.value.lastUse }).prefix(max(1, capacity / 4)) {
      budgets[key] = nil
    }
  }
}
