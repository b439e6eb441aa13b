import NIOCore

/// How long one call may wait, and for whom, as a value.
///
/// A server that says nothing and a caller that takes nothing are given up after the same silence, and the call as a
/// whole has an end; so neither can hold the other's connection for ever.
struct CallTimes: Sendable {
  /// What a call waits for.
  enum Wait: Sendable {
    case server, caller
  }

  /// Whether the call may go on.
  enum Verdict: Equatable {
    /// Look again then.
    case goOn(until: NIODeadline)
    case failed(ApiError)
  }

  private let silence: TimeAmount
  private let end: NIODeadline
  private var wait = Wait.server
  private var since: NIODeadline

  init(silence: Duration, total: Duration, now: NIODeadline) {
    self.silence = TimeAmount(silence)
    end = now + TimeAmount(total)
    since = now
  }

  /// Notes that the call moved on and what it waits for next.
  mutating func turn(to wait: Wait, now: NIODeadline) { (self.wait, since) = (wait, now) }

  func verdict(now: NIODeadline) -> Verdict {
    guard now < end else { return .failed(ApiError(.deadline, "the call took longer than it may")) }
    guard now < since + silence else {
      return switch wait {
      case .server: .failed(ApiError(.silent, "the server behind the route timed out"))
      case .caller: .failed(ApiError(.deadline, "the caller stopped reading"))
      }
    }
    return .goOn(until: min(end, since + silence))
  }
}
