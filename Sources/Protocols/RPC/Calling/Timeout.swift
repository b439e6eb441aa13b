import LibP2P
import NIOCore
import NIOPosix
import Synchronization

/// Gives work a time to end in.
enum Timeout {
  /// Runs `body`, and cancels it when `time` has passed.
  ///
  /// - Parameter executor: where the work runs; nil for the thread pool.
  /// - Throws: ``CallError`` `rpc.timeout`, and what `body` throws.
  static func run<Value: Sendable>(
    _ time: Duration, on executor: EventLoopTaskExecutor? = nil, _ body: @escaping @Sendable () async throws -> Value
  ) async throws -> Value {
    let alarm = Alarm()
    let work = Task(executorPreference: executor) {
      let eventLoop = executor?.eventLoop ?? MultiThreadedEventLoopGroup.singleton.any()
      // An event loop's timers go with the call; those of Task.sleep stay until they are due.
      let timer = eventLoop.scheduleTask(in: TimeAmount(time)) { alarm.ring() }
      defer { timer.cancel() }
      return try await body()
    }
    alarm.wake(work)
    do {
      return try await withTaskCancellationHandler {
        try await work.value
      } onCancel: {
        work.cancel()
      }
    } catch {
      guard alarm.hasRung else { throw error }
      throw CallError(.timeout, "there was no answer within \(time)")
    }
  }
}

/// Cancels work when it rings, even if it does so before it knows what.
private final class Alarm: Sendable {
  private struct State {
    var hasRung = false
    var cancel: (@Sendable () -> Void)?
  }

  private let state = Mutex(State())

  var hasRung: Bool { state.withLock(\.hasRung) }

  func wake<Value>(_ work: Task<Value, any Error>) {
    let hasRung = state.withLock { state in
      state.cancel = { work.cancel() }
      return state.hasRung
    }
    if hasRung { work.cancel() }
  }

  func ring() {
    let cancel = state.withLock { state in
      state.hasRung = true
      return state.cancel
    }
    cancel?()
  }
}
