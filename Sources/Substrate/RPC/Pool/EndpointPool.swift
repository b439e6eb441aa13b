import Logging
import Synchronization

/// Several endpoints of one chain, used as one.
///
/// Each endpoint is connected to, checked against the pinned genesis block, and its heads are followed.
/// Reads go to the best endpoint and, when it fails, to another within the same timeout; they never go to
/// one that is behind the highest finalized block shown. Submissions are sent once, or to all endpoints at
/// once, and never repeated. Everything the pool does ends with ``shutdown()``.
public final class EndpointPool: RPCClient {
  struct State {
    var machine: PoolStateMachine
    var connections: [Int: any EndpointConnection] = [:]
    var waiters = PoolWaiters()
    var streams: [UInt64: AsyncStream<HeadEvent>.Continuation] = [:]
    var tasks: [Task<Void, Never>] = []
    var isShutDown = false
  }

  /// Head events that may wait for a reader; of a slow one's the oldest are dropped.
  public static let headEventBuffer = 64

  let options: EndpointPoolOptions
  let endpoints: [RPCEndpoint]
  let metrics: [EndpointMetrics]
  let state: Mutex<State>

  /// A pool that begins to connect at once.
  ///
  /// - Parameter endpoints: in the order of preference among equals.
  public init(_ endpoints: [RPCEndpoint], options: EndpointPoolOptions = EndpointPoolOptions()) {
    self.endpoints = endpoints
    var options = options
    // What has no timeout of its own, a subscribe call above all, must not outlast an attempt.
    options.connection.limits.callTimeout = min(options.connection.limits.callTimeout, options.attemptTimeout)
    self.options = options
    metrics = endpoints.map { EndpointMetrics(endpoint: $0.name) }
    let machine = PoolStateMachine(names: endpoints.map(\.name), options: options, now: .now)
    state = Mutex(State(machine: machine))
    let tasks = endpoints.indices.map { index in Task { await self.maintain(index) } }
    state.withLock { $0.tasks = tasks }
  }

  /// Ends every connection, subscription and stream. Later calls throw.
  public func shutdown() async {
    let (tasks, waiters, streams) = state.withLock { state in
      state.isShutDown = true
      defer { state.streams = [:] }
      return (state.tasks, state.waiters.change(), state.streams.values)
    }
    // Outside the lock, which the end of a stream takes.
    for stream in streams { stream.finish() }
    for waiter in waiters { waiter.resume() }
    for task in tasks { task.cancel() }
    for task in tasks { await task.value }
  }

  // MARK: What is seen

  /// The newest finalized block seen; its number never falls.
  public var finalizedHead: ChainHead? { state.withLock { $0.machine.finalized } }

  /// The newest block seen.
  public var bestHead: ChainHead? { state.withLock { $0.machine.best } }

  /// The hash of block 0 that is pinned, once known.
  public var genesisHash: String? { state.withLock { $0.machine.genesisHash } }

  /// How each endpoint does.
  public var status: [EndpointStatus] { state.withLock { $0.machine.status } }

  /// Heads as they come, first the ones known now. Each reader has its own stream; it ends at
  /// ``shutdown()``. A reader that is slower than ``headEventBuffer`` events misses the oldest of them,
  /// which the numbers show.
  public func headEvents() -> AsyncStream<HeadEvent> {
    let (stream, continuation) = AsyncStream<HeadEvent>.makeStream(
      bufferingPolicy: .bufferingNewest(Self.headEventBuffer))
    state.withLock { state in
      guard !state.isShutDown else { return continuation.finish() }
      let id = state.waiters.makeID()
      state.streams[id] = continuation
      continuation.onTermination = { [weak self] _ in
        self?.state.withLock { _ = $0.streams.removeValue(forKey: id) }
      }
      if let finalized = state.machine.finalized { continuation.yield(.finalized(finalized)) }
      if let best = state.machine.best { continuation.yield(.best(best)) }
    }
    return stream
  }

  /// Changes the state, publishes what came of it, and lets those who wait look again.
  func update<T>(
    _ change: (inout State) throws(RPCError) -> (T, [HeadEvent])
  ) throws(RPCError) -> T {
    let result: Result<(T, [CheckedContinuation<Void, Never>]), RPCError> = state.withLock { state in
      do throws(RPCError) {
        let (value, events) = try change(&state)
        // In the lock, so that every reader sees the events in their order. Yielding never blocks.
        for stream in state.streams.values { for event in events { stream.yield(event) } }
        return .success((value, state.waiters.change()))
      } catch {
        return .failure(error)
      }
    }
    let (value, waiters) = try result.get()
    for waiter in waiters { waiter.resume() }
    return value
  }

  /// Returns after a change later than `generation`, at `deadline`, or when the task is cancelled.
  func waitForChange(since generation: UInt64, until deadline: ContinuousClock.Instant) async {
    let id = state.withLock { $0.waiters.makeID() }
    let alarm = Task {
      try? await Task.sleep(until: deadline, clock: .continuous)
      self.stopWaiting(id)
    }
    defer { alarm.cancel() }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let waits = state.withLock { $0.waiters.wait(id, since: generation, continuation) }
        if !waits { continuation.resume() }
        // The cancellation may have come before there was anything to resume.
        if Task.isCancelled { stopWaiting(id) }
      }
    } onCancel: {
      stopWaiting(id)
    }
  }

  private func stopWaiting(_ id: UInt64) {
    state.withLock { $0.waiters.remove(id) }?.resume()
  }
}
