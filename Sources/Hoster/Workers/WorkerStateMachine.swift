/// The life of one worker: started, ready, asked to stop, killed, started again. A value without processes or time.
struct WorkerStateMachine: Sendable {
  typealias Instant = ContinuousClock.Instant

  /// What is to be done with the process.
  enum Action: Hashable {
    case spawn
    case askToStop
    case kill
  }

  private enum Next {
    case restart, stop
  }

  private enum State {
    case idle
    case starting(until: Instant)
    case ready(since: Instant)
    /// Its end is awaited; it is killed at `until`, or was when that is nil.
    case ending(until: Instant?, Next)
    case waiting(until: Instant)
    case stopped
  }

  private let policy: WorkerPolicy
  private var state = State.idle
  private(set) var failures = 0
  private(set) var starts = 0
  private(set) var lastFailure: WorkerError?

  init(policy: WorkerPolicy) { self.policy = policy }

  var phase: WorkerStatus.Phase {
    switch state {
    case .idle: .idle
    case .starting: .starting
    case .ready: .ready
    case .ending: .stopping
    case .waiting: .waiting
    case .stopped: .stopped
    }
  }

  var isDegraded: Bool { failures >= policy.failuresUntilDegraded }

  /// Why there is no point in waiting for it; nil if it is ready or may soon be.
  var failure: WorkerError? {
    switch state {
    case .idle, .starting, .ready: nil
    case .ending(_, .restart), .waiting: lastFailure
    case .ending(_, .stop), .stopped: lastFailure ?? Self.stopped
    }
  }

  /// When ``wake(now:)`` is due; nil if nothing is awaited.
  var nextWake: Instant? {
    switch state {
    case .starting(let until), .waiting(let until): until
    case .ending(let until, _): until
    case .ready(let since): failures > 0 ? since + policy.stableAfter : nil
    case .idle, .stopped: nil
    }
  }

  // MARK: What the node wants

  mutating func start(now: Instant) -> [Action] {
    guard case .idle = state else { return [] }
    return spawn(now)
  }

  mutating func stop(now: Instant) -> [Action] {
    switch state {
    case .idle, .waiting:
      state = .stopped
      return []
    case .starting, .ready:
      state = .ending(until: now + policy.shutdownTimeout, .stop)
      return [.askToStop]
    case .ending(let until, .restart):
      state = .ending(until: until, .stop)
      return []
    case .ending(_, .stop), .stopped: return []
    }
  }

  // MARK: What happens

  mutating func becameReady(now: Instant) {
    guard case .starting = state else { return }
    state = .ready(since: now)
  }

  /// It says that it can't begin, and ends by itself.
  mutating func failedToStart(_ error: WorkerError, now: Instant) -> [Action] {
    guard case .starting = state else { return [] }
    note(error)
    state = .ending(until: now + policy.shutdownTimeout, .restart)
    return [.askToStop]
  }

  /// There is no process.
  mutating func couldNotSpawn(_ error: WorkerError, now: Instant) {
    guard case .starting = state else { return }
    note(error)
    wait(now)
  }

  /// - Parameter error: says how the process ended; counts as a failure unless its end was awaited.
  mutating func exited(_ error: WorkerError, now: Instant) {
    switch state {
    case .starting:
      note(error)
      wait(now)
    case .ready(let since):
      if since + policy.stableAfter <= now { failures = 0 }
      note(error)
      wait(now)
    case .ending(_, .restart): wait(now)
    case .ending(_, .stop): state = .stopped
    case .idle, .waiting, .stopped: break
    }
  }

  /// What it does, or leaves undone, shows that it is broken.
  mutating func isBroken(_ error: WorkerError, now: Instant) -> [Action] {
    guard case .ready = state else { return [] }
    note(error)
    state = .ending(until: nil, .restart)
    return [.kill]
  }

  /// Something was awaited until now.
  mutating func wake(now: Instant) -> [Action] {
    guard let due = nextWake, due <= now else { return [] }
    switch state {
    case .starting:
      note(WorkerError(.startTimeout, "the worker was not ready within \(policy.startTimeout)"))
      state = .ending(until: nil, .restart)
      return [.kill]
    case .ending(_, let next):
      state = .ending(until: nil, next)
      return [.kill]
    case .waiting: return spawn(now)
    case .ready:
      failures = 0
      return []
    case .idle, .stopped: return []
    }
  }

  private static let stopped = WorkerError(.stopped, "the worker was told to stop")

  private mutating func spawn(_ now: Instant) -> [Action] {
    starts += 1
    state = .starting(until: now + policy.startTimeout)
    return [.spawn]
  }

  private mutating func note(_ error: WorkerError) {
    failures += 1
    lastFailure = error
  }

  private mutating func wait(_ now: Instant) {
    state = .waiting(until: now + policy.delay(afterFailures: failures))
  }
}
