/// Tasks that wait for the next change of a pool. A value under the pool's lock.
struct PoolWaiters {
  /// Counts changes, so that one that happens between looking and waiting is not missed.
  private(set) var generation: UInt64 = 0
  private var waiting: [UInt64: CheckedContinuation<Void, Never>] = [:]
  private var nextID: UInt64 = 0

  mutating func makeID() -> UInt64 {
    nextID += 1
    return nextID
  }

  /// Registers a waiter, unless something has changed since `seen`: then false.
  mutating func wait(_ id: UInt64, since seen: UInt64, _ continuation: CheckedContinuation<Void, Never>)
    -> Bool
  {
    guard seen == generation else { return false }
    waiting[id] = continuation
    return true
  }

  /// The waiter to resume because its time is over or its task is cancelled.
  mutating func remove(_ id: UInt64) -> CheckedContinuation<Void, Never>? {
    waiting.removeValue(forKey: id)
  }

  /// The waiters to resume after a change.
  mutating func change() -> [CheckedContinuation<Void, Never>] {
    generation += 1
    defer { waiting = [:] }
    return Array(waiting.values)
  }
}
