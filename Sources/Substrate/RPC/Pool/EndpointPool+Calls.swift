extension EndpointPool {
  // MARK: RPCClient

  /// A read within the pool's timeout or the one given; repeated on another endpoint when one fails. A
  /// method that is not known to read is sent once.
  ///
  /// - Throws: ``RPCError``; `staleView` when no endpoint reaches the finalized block shown before.
  public func call(_ method: String, _ params: [JSONValue], timeout: Duration?) async throws -> JSONValue {
    try await attempt(.finalized, timeout, repeats: RPCMethod.isRepeatable(method)) { connection, timeout in
      try await connection.call(method, params, timeout: timeout)
    }
  }

  /// A read from an endpoint whose best chain has at least the given height, for reads at a block.
  ///
  /// - Throws: ``RPCError``; `staleView` when no endpoint gets there in time.
  public func call(
    _ method: String, _ params: [JSONValue] = [], atLeast height: UInt64, timeout: Duration? = nil
  ) async throws -> JSONValue {
    try await attempt(.best(height), timeout, repeats: RPCMethod.isRepeatable(method)) {
      connection, timeout in
      try await connection.call(method, params, timeout: timeout)
    }
  }

  public func batch(_ calls: [RPCCall], timeout: Duration?) async throws -> [Result<JSONValue, RPCError>] {
    try await batch(calls, floor: .finalized, timeout)
  }

  /// A batch of reads from an endpoint whose best chain has at least the given height.
  public func batch(
    _ calls: [RPCCall], atLeast height: UInt64, timeout: Duration? = nil
  ) async throws -> [Result<JSONValue, RPCError>] {
    try await batch(calls, floor: .best(height), timeout)
  }

  private func batch(
    _ calls: [RPCCall], floor: PoolStateMachine.Floor, _ timeout: Duration?
  ) async throws -> [Result<JSONValue, RPCError>] {
    let repeats = calls.allSatisfy { RPCMethod.isRepeatable($0.method) }
    return try await attempt(floor, timeout, repeats: repeats) { connection, timeout in
      try await connection.batch(calls, timeout: timeout)
    }
  }

  /// A subscription on one endpoint, which ends with it. ``resilientSubscription(_:_:unsubscribe:itemDeadline:)``
  /// moves on to another endpoint.
  public func subscribe(
    _ method: String, _ params: [JSONValue], unsubscribe: String, itemDeadline: Duration?
  ) async throws -> RPCSubscription {
    guard endpoints.contains(where: { $0.transport == .webSocket }) else {
      throw RPCError(.unsupported, "no endpoint of the pool is a WebSocket, and HTTP has no subscriptions")
    }
    return try await attempt(.finalized, nil, repeats: RPCMethod.isRepeatable(method), subscribes: true) {
      connection, _ in
      try await connection.subscribe(method, params, unsubscribe: unsubscribe, itemDeadline: itemDeadline)
    }
  }

  // MARK: Submissions

  /// Sends to every connected endpoint at once, to each exactly once, and returns what each said.
  ///
  /// - Throws: ``RPCError`` when no endpoint is connected within the timeout; nothing was sent then.
  public func submitToAll(
    _ method: String, _ params: [JSONValue], timeout: Duration? = nil
  ) async throws -> [SubmissionOutcome] {
    let deadline = ContinuousClock.now + (timeout ?? options.callTimeout)
    let targets = try await connected(until: deadline)
    // Tasks of their own, in the endpoints' order: Swift 6.3.1 mixes up a task group's tuples when it optimizes.
    let sending = targets.map { target in
      Task { await target.submit(method, params, until: deadline) }
    }
    return await withTaskCancellationHandler {
      var outcomes: [SubmissionOutcome] = []
      for task in sending { outcomes.append(await task.value) }
      return outcomes
    } onCancel: {
      for task in sending { task.cancel() }
    }
  }

  // MARK: Attempts

  private struct Selected: Sendable {
    let index: Int
    let name: String
    let connection: any EndpointConnection

    func submit(
      _ method: String, _ params: [JSONValue], until deadline: ContinuousClock.Instant
    ) async -> SubmissionOutcome {
      do {
        let left = max(.zero, ContinuousClock.now.duration(to: deadline))
        let value = try await connection.call(method, params, timeout: left)
        return SubmissionOutcome(endpoint: name, result: .success(value))
      } catch {
        return SubmissionOutcome(endpoint: name, result: .failure(RPCError.transport(error)))
      }
    }
  }

  private func attempt<T: Sendable>(
    _ floor: PoolStateMachine.Floor, _ timeout: Duration?, repeats: Bool, subscribes: Bool = false,
    _ body: (any EndpointConnection, Duration) async throws -> T
  ) async throws(RPCError) -> T {
    let deadline = ContinuousClock.now + (timeout ?? options.callTimeout)
    var tried: Set<Int> = []
    var last: RPCError?
    while true {
      let selected: Selected
      do throws(RPCError) {
        selected = try await select(floor, tried: tried, until: deadline, last, subscribes: subscribes)
      } catch {
        throw error.kind == .cancelled ? error : last ?? error
      }
      if tried.contains(selected.index) { tried = [] }
      let start = ContinuousClock.now
      let left = max(.zero, start.duration(to: deadline))
      do {
        let value = try await body(selected.connection, repeats ? min(left, options.attemptTimeout) : left)
        note(selected.index, nil, start.duration(to: .now))
        return value
      } catch {
        let error = RPCError.transport(error)
        note(selected.index, error, start.duration(to: .now))
        guard repeats, error.isWorthAnotherEndpoint, ContinuousClock.now < deadline else { throw error }
        tried.insert(selected.index)
        last = error
      }
    }
  }

  /// Waits for an endpoint that fits.
  ///
  /// - Parameter last: the error of the attempt before. If it was about the endpoint, each is tried once.
  private func select(
    _ floor: PoolStateMachine.Floor, tried: Set<Int>, until deadline: ContinuousClock.Instant,
    _ last: RPCError?, subscribes: Bool
  ) async throws(RPCError) -> Selected {
    var tried = tried
    while true {
      if Task.isCancelled { throw RPCError(.cancelled, "the task was cancelled") }
      let now = ContinuousClock.now
      let (choice, connection, hasUntried, generation, isShutDown) = state.withLock { state in
        let deaf = subscribes ? state.connections.filter { !$0.value.hasSubscriptions }.keys.map(\.self) : []
        let unfit = tried.union(deaf)
        let choice = state.machine.choose(floor, tried: unfit, now: now)
        let connection: (any EndpointConnection)? =
          if case .use(let index) = choice { state.connections[index] } else { nil }
        let hasUntried = state.machine.hasUntried(floor, tried: unfit)
        return (choice, connection, hasUntried, state.waiters.generation, state.isShutDown)
      }
      if isShutDown { throw RPCError(.cancelled, "the pool is shut down") }
      switch (choice, connection) {
      case (.use(let index), let connection?):
        return Selected(index: index, name: endpoints[index].name, connection: connection)
      case (.use, nil): throw RPCError(.unreachable, "the endpoint has no connection")
      case (.fail(let error), _): throw error
      case (.wait(let until, let reason), _):
        guard now < deadline else { throw reason }
        if last?.failureClass != .endpoint {
          tried = []
        } else if let last, !hasUntried {
          throw last
        }
        await waitForChange(since: generation, until: min(deadline, until ?? deadline))
      }
    }
  }

  /// Waits for any endpoint, and returns all that are connected.
  private func connected(until deadline: ContinuousClock.Instant) async throws(RPCError) -> [Selected] {
    while true {
      if Task.isCancelled { throw RPCError(.cancelled, "the task was cancelled") }
      let now = ContinuousClock.now
      let (targets, choice, generation, isShutDown) = state.withLock { state in
        let targets = state.machine.connected.compactMap { index in
          state.connections[index].map { Selected(index: index, name: endpoints[index].name, connection: $0) }
        }
        return (targets, state.machine.choose(.best(0), now: now), state.waiters.generation, state.isShutDown)
      }
      if isShutDown { throw RPCError(.cancelled, "the pool is shut down") }
      guard targets.isEmpty else { return targets }
      switch choice {
      case .fail(let error): throw error
      case .wait(_, let reason) where now >= deadline: throw reason
      case .wait, .use: await waitForChange(since: generation, until: deadline)
      }
    }
  }

  private func note(_ index: Int, _ error: RPCError?, _ time: Duration) {
    // An error of the node about the request is an answer: the endpoint works.
    guard let error, !error.isAnswer else {
      metrics[index].answered(in: time)
      state.withLock { $0.machine.succeeded(index, in: time) }
      return
    }
    guard error.kind != .cancelled else { return }
    metrics[index].failed()
    let doomed: (any EndpointConnection)? = state.withLock { state in
      var generator = SystemRandomNumberGenerator()
      let gives = state.machine.failed(index, error, now: .now, using: &generator)
      return gives ? state.connections[index] : nil
    }
    doomed?.giveUp()
  }
}

extension RPCError {
  /// Whether the node has answered, if only with an error about the request.
  fileprivate var isAnswer: Bool {
    kind == .server && failureClass != .transient && failureClass != .rate
  }

  fileprivate var isWorthAnotherEndpoint: Bool {
    switch failureClass {
    case .transient, .endpoint, .rate: true
    case .staleView, .permanent: false
    }
  }
}
