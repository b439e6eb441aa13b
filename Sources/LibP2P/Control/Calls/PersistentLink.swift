import NIOCore
import Synchronization

/// A persistent connection as both its ends use it: frames out, calls of both directions.
final class PersistentLink: Sendable {
  let socket: LocalSocket
  private let limits: ControlLimits
  private let ledger: Mutex<CallLedger>

  init(_ socket: LocalSocket, limits: ControlLimits) {
    self.socket = socket
    self.limits = limits
    ledger = Mutex(CallLedger(maximumCalls: limits.callsPerClient, maximumBytes: limits.callBytesPerClient))
  }

  /// Calls under way, in both directions.
  var callCount: Int { ledger.withLock(\.count) }

  // MARK: Frames

  /// Sends a frame that the other side has to get. If there is no room for it the other side does not read, and the
  /// connection ends.
  func send(_ frame: ByteBuffer) {
    do {
      guard try !socket.offer(frame, limit: limits.queuedBytes) else { return }
      close(ControlError(.stalled, "\(limits.queuedBytes) bytes are queued, and the other side does not read them"))
    } catch {
      close(ControlError(.closed, "the connection has ended"))
    }
  }

  /// Cuts the connection when the other side takes nothing of what is queued for ``ControlLimits/stallTime``. Returns
  /// when it is cancelled.
  func watch() async {
    var last = socket.progress
    while (try? await Task.sleep(for: limits.stallTime)) != nil {
      let now = socket.progress
      if now.queued > 0, last.queued > 0, now.sent == last.sent {
        return close(ControlError(.stalled, "the other side did not read for \(limits.stallTime)"))
      }
      last = now
    }
  }

  // MARK: Calls of this side

  /// Sends a request and waits for its answer.
  ///
  /// - Parameters:
  ///   - id: what names the call.
  ///   - cancellation: what to send when the task is cancelled.
  /// - Throws: ``ControlError`` `control.busy` when nothing was sent, what ended the connection, `CancellationError`.
  func ask(_ id: CallID, _ request: ByteBuffer, cancellation: @escaping @Sendable () -> ByteBuffer) async throws
    -> UnaryAnswer
  {
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { waiter in
        do {
          try ledger.withLock { ledger in
            guard !Task.isCancelled else { throw CancellationError() }
            try ledger.checkRoom()
            guard try socket.offer(request, limit: limits.queuedBytes) else {
              throw ControlError(.busy, "too many bytes are queued on this connection")
            }
            try ledger.wait(id, waiter)
          }
        } catch {
          waiter.resume(throwing: error)
        }
      }
    } onCancel: {
      guard let waiter = ledger.withLock({ $0.settle(id) }) else { return }
      waiter.resume(throwing: CancellationError())
      send(cancellation())
    }
  }

  /// Hands an answer to whoever waits for it; false if nobody does.
  @discardableResult
  func settle(_ id: CallID, _ answer: UnaryAnswer) -> Bool {
    guard let waiter = ledger.withLock({ $0.settle(id) }) else { return false }
    waiter.resume(returning: answer)
    return true
  }

  // MARK: Calls of the other side

  /// Serves a call in a task of its own, which ``cancel(_:)`` and the end of the connection cancel.
  ///
  /// - Parameters:
  ///   - bytes: what the request holds.
  ///   - body: makes the frame that answers; nil for none.
  /// - Throws: ``ControlError`` `control.busy` or `control.malformed`.
  func serve(_ id: CallID, bytes: Int, _ body: @escaping @Sendable () async -> ByteBuffer?) throws(ControlError) {
    try ledger.withLock { ledger throws(ControlError) in try ledger.begin(id, bytes: bytes) }
    let task = Task {
      let frame = await body()
      // Before the answer: who gets it may make the next call at once.
      ledger.withLock { $0.end(id) }
      if let frame { send(frame) }
    }
    if ledger.withLock({ $0.attach(task, to: id) }) { task.cancel() }
  }

  /// Cancels a call that is served, if it still is.
  func cancel(_ id: CallID) { ledger.withLock { $0.cancel(id) }?.cancel() }

  // MARK: End

  /// Why the connection ended, once it did.
  var ending: ControlError? { ledger.withLock(\.ending) }

  /// Ends the connection and all its calls. The first error counts.
  func close(_ error: ControlError) {
    let (waiters, tasks, reason) = ledger.withLock { ledger in
      let calls = ledger.close(error)
      return (calls.waiters, calls.tasks, ledger.ending ?? error)
    }
    for waiter in waiters { waiter.resume(throwing: reason) }
    for task in tasks { task.cancel() }
    socket.reset()
  }
}
