import Synchronization

/// A stream that somebody waits for: the wish, its place in the limits, and where the answer goes.
final class OutboundStreamRequest: Sendable {
  /// Protocols that will do, best first.
  let protocols: [String]
  /// Whether the peer is known to speak the first, so that data may follow without waiting for its answer.
  let isAssumed: Bool
  let resources: ResourceScope
  private let waiter = Mutex<CheckedContinuation<P2PStream, any Error>?>(nil)

  init(protocols: [String], isAssumed: Bool, resources: ResourceScope) {
    self.protocols = protocols
    self.isAssumed = isAssumed
    self.resources = resources
  }

  /// Waits until the connection has answered; `begin` passes the request to it.
  func answer(begin: @Sendable () -> Void) async throws -> P2PStream {
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        waiter.withLock { $0 = continuation }
        if Task.isCancelled { fail(CancellationError()) } else { begin() }
      }
    } onCancel: {
      fail(CancellationError())
    }
  }

  /// Whether somebody still waits.
  var isWanted: Bool { waiter.withLock { $0 != nil } }

  func succeed(_ stream: P2PStream) { take()?.resume(returning: stream) }

  func fail(_ error: any Error) { take()?.resume(throwing: error) }

  private func take() -> CheckedContinuation<P2PStream, any Error>? {
    waiter.withLock { waiter in
      defer { waiter = nil }
      return waiter
    }
  }
}
