import Logging

extension EndpointPool {
  /// Keeps one endpoint connected until the pool is shut down or the endpoint is quarantined.
  func maintain(_ index: Int) async {
    while let next = state.withLock({ $0.machine.nextAttempt(index) }) {
      try? await Task.sleep(until: next, clock: .continuous)
      if Task.isCancelled { return }
      let error = await serve(index)
      if Task.isCancelled { return }
      retire(index, error)
    }
  }

  /// Connects, verifies and follows one endpoint; returns why that ended.
  private func serve(_ index: Int) async -> RPCError {
    let endpoint = endpoints[index]
    state.withLock { $0.machine.connecting(index) }
    do {
      let connection = try await endpoint.connect(options.connection)
      metrics[index].connected()
      state.withLock { $0.connections[index] = connection }
      try await EndpointFollower(
        connection: connection, options: options, shownFinalized: { self.finalizedHead },
        report: { event throws(RPCError) in try self.handle(event, from: index) }
      ).run()
      return RPCError(.connectionLost, "the connection ended", endpoint: endpoint.name)
    } catch {
      return RPCError.transport(error).at(endpoint)
    }
  }

  private func handle(_ event: EndpointFollower.Event, from index: Int) throws(RPCError) {
    try update { (state: inout State) throws(RPCError) in
      let now = ContinuousClock.now
      switch event {
      case .genesis(let hash):
        try state.machine.verify(index, genesis: hash)
        return ((), [])
      case .up: return ((), state.machine.up(index, now: now))
      case .best(let head):
        metrics[index].saw(best: head)
        return ((), state.machine.sawBest(index, head, now: now))
      case .finalized(let head):
        metrics[index].saw(finalized: head)
        return ((), try state.machine.sawFinalized(index, head))
      case .polled:
        guard !state.machine.isStalled(index, now: now) else {
          throw RPCError(.timeout, "no new block within the head deadline", endpoint: endpoints[index].name)
        }
        return ((), [])
      }
    }
    if case .up = event {
      options.logger.debug("RPC endpoint is up.", metadata: ["endpoint": "\(endpoints[index].name)"])
    }
  }

  private func retire(_ index: Int, _ error: RPCError) {
    let wasUp = state.withLock { $0.machine.endpoints[index].isUp }
    let events = try? update { state -> ([HeadEvent], [HeadEvent]) in
      state.connections[index] = nil
      var generator = SystemRandomNumberGenerator()
      let events = state.machine.down(index, error, now: .now, using: &generator)
      return (events, events)
    }
    let metadata: Logger.Metadata = ["endpoint": "\(endpoints[index].name)", "error": "\(error)"]
    if error.kind == .wrongChain || error.kind == .finalityConflict {
      options.logger.error("RPC endpoint contradicts the chain.", metadata: metadata)
    } else if wasUp {
      options.logger.warning("RPC endpoint lost.", metadata: metadata)
    } else {
      options.logger.debug("RPC endpoint can't be reached.", metadata: metadata)
    }
    if events?.contains(where: { if case .interrupted = $0 { true } else { false } }) == true {
      options.logger.error("No RPC endpoint is left.", metadata: metadata)
    }
  }
}
