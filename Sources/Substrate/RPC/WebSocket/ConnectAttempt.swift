import NIOCore
import Synchronization

/// The deadline and the cancellation of one attempt to connect.
final class ConnectAttempt: Sendable {
  private enum State {
    case idle
    case connecting(any Channel, timer: Scheduled<Void>)
    case ended(RPCError?)
  }

  private let timeout: Duration
  private let state = Mutex(State.idle)

  init(timeout: Duration) {
    self.timeout = timeout
  }

  /// The channel exists; the clock runs.
  func begin(_ channel: any Channel) throws {
    let timer = channel.eventLoop.scheduleTask(in: TimeAmount(timeout)) {
      self.end(RPCError(.timeout, "the endpoint did not complete the handshake in time"))
    }
    try state.withLock {
      if case .ended(let error?) = $0 { throw error }
      // One attempt may open a channel for each address of the host; the last one counts.
      $0 = .connecting(channel, timer: timer)
    }
  }

  /// The handshake is complete.
  func finish() throws {
    try state.withLock {
      if case .ended(let error?) = $0 { throw error }
      if case .connecting(_, let timer) = $0 { timer.cancel() }
      $0 = .ended(nil)
    }
  }

  /// The caller is gone.
  func abort() {
    end(RPCError(.cancelled, "the task was cancelled while connecting"))
  }

  private func end(_ error: RPCError) {
    state.withLock { state in
      if case .connecting(let channel, let timer) = state { Self.drop(channel, timer) }
      if case .ended = state { return }
      state = .ended(error)
    }
  }

  private static func drop(_ channel: any Channel, _ timer: Scheduled<Void>) {
    timer.cancel()
    channel.close(promise: nil)
  }

  /// What to tell the caller about the error that ended the attempt.
  func explain(_ error: any Error) -> RPCError {
    let reason: RPCError? = state.withLock { state in
      if case .ended(let reason) = state { return reason }
      if case .connecting(let channel, let timer) = state { Self.drop(channel, timer) }
      state = .ended(nil)
      return nil
    }
    if let reason { return reason }
    let failure = RPCError.transport(error)
    // Before the handshake is complete there is no connection that could be lost.
    return failure.kind == .connectionLost ? RPCError(.unreachable, failure.message) : failure
  }
}
