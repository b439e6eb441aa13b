import Synchronization

/// When a request last got a token.
final class WorkerProgress: Sendable {
  private let lease: WorkerLease
  private let last = Mutex(ContinuousClock.now)

  init(_ lease: WorkerLease) { self.lease = lease }

  func noteToken() {
    // In this order: when this request is overdue, so is the worker, unless another one got a token.
    lease.noteToken()
    last.withLock { $0 = .now }
  }

  /// Returns when there has been no token for the time that the worker may take, or the task is cancelled.
  func stall() async {
    while !Task.isCancelled {
      let due = last.withLock { $0 } + lease.stallTimeout
      guard due > .now else { return }
      try? await Task.sleep(until: due, clock: .continuous)
    }
  }
}
