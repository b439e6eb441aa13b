import NIOCore
import Synchronization

/// Keeps the time of one call.
final class CallWatch: Sendable {
  private let times: Mutex<CallTimes>

  init(silence: Duration, total: Duration) {
    times = Mutex(CallTimes(silence: silence, total: total, now: .now()))
  }

  /// Notes that the call moved on and what it waits for next.
  func turn(to wait: CallTimes.Wait) { times.withLock { $0.turn(to: wait, now: .now()) } }

  /// Returns never but by throwing: why the call has to end, or that it has ended.
  func expire() async throws {
    while true {
      switch times.withLock({ $0.verdict(now: .now()) }) {
      case .goOn(let time): try await Task.sleep(for: .nanoseconds((time - .now()).nanoseconds))
      case .failed(let error): throw error
      }
    }
  }
}
