import NIOCore

/// The life of streams on a connection: negotiation, delivery, end.
extension ConnectionHandler {
  // MARK: Beginning

  /// Takes up a stream of the peer, if there is room for it.
  func accept(_ id: UInt32) {
    do throws(ResourceLimitError) {
      let resources = try environment.resources.stream(.inbound, peer: connection.peer)
      add(id, .inbound, resources, .listening(NegotiationListener()))
    } catch {
      handle(session.refuse(id, now: now))
    }
  }

  /// Opens a stream that a task asked for.
  func open(_ request: OutboundStreamRequest) {
    guard request.isWanted else { return }
    do {
      var dialer = try NegotiationDialer(proposals: request.protocols)
      let assumed = request.isAssumed ? request.protocols.first : nil
      if let assumed { dialer = try NegotiationDialer(assuming: assumed) }
      let id = try session.open(now: now)
      try session.write(dialer.start(), to: id)
      add(id, .outbound, request.resources, assumed == nil ? .dialing(dialer, request) : .assuming(dialer))
      if let assumed { handOut(id, assumed, request) }
    } catch {
      request.fail(error)
    }
  }

  private func add(
    _ id: UInt32, _ direction: Direction, _ resources: ResourceScope,
    _ negotiation: ConnectionStream.Negotiation
  ) {
    let core = StreamCore(id: id, direction: direction, resources: resources, mailbox: connection.mailbox)
    let end = now + environment.timeouts.negotiation
    streams[id] = ConnectionStream(core: core, negotiation: negotiation, until: end)
    alarms.set(for: end, on: self)
    switch connection.streamOpened(direction, now: now) {
    case .ample: break
    case .nearlySpent: if !connection.isRetired { connection.retire() }
    case .spent: session.goAway()
    }
  }

  // MARK: Negotiation

  private func negotiate(
    _ id: UInt32, _ negotiation: ConnectionStream.Negotiation, _ bytes: ByteBuffer
  ) throws {
    switch negotiation {
    case .listening(var listener):
      let handler = environment.handler
      switch try listener.receive(bytes, isSupported: { handler($0) != nil }) {
      case .wait: streams[id]?.goOn(.listening(listener))
      case .send(let answer):
        streams[id]?.goOn(.listening(listener))
        try session.write(answer, to: id)
        // The refusal has to be out before the stream may be aborted for what a lazy caller sent behind.
        pump()
      case .selected(let name, let answer, let rest):
        try session.write(answer, to: id)
        try serve(id, name)
        receive(id, rest)
      }
    case .dialing(var dialer, let request):
      switch try dialer.receive(bytes) {
      case .wait: streams[id]?.goOn(.dialing(dialer, request))
      case .send(let proposal):
        streams[id]?.goOn(.dialing(dialer, request))
        try session.write(proposal, to: id)
      case .selected(let name, let rest):
        streams[id]?.endNegotiation()
        handOut(id, name, request)
        receive(id, rest)
      }
    case .assuming(var dialer):
      switch try dialer.receive(bytes) {
      case .wait, .send: streams[id]?.goOn(.assuming(dialer))
      case .selected(_, let rest):
        streams[id]?.endNegotiation()
        receive(id, rest)
      }
    }
  }

  /// Starts the handler of a stream whose protocol the peer proposed.
  private func serve(_ id: UInt32, _ protocolID: String) throws {
    guard let core = streams[id]?.core, let handler = environment.handler(protocolID) else { return }
    try core.settle(protocolID, connection.peer)
    streams[id]?.endNegotiation()
    core.retain()
    let stream = P2PStream(core, protocolID: protocolID, connection: connection)
    environment.report(.opened(connection, protocolID: protocolID, core.direction))
    core.run(
      Task(executorPreference: handler.placement == .eventLoop ? connection.executor : nil) {
        do {
          try await handler.serve(stream)
          stream.close()
        } catch {
          stream.reset()
        }
        core.release()
      })
  }

  /// Gives a stream to the task that asked for it.
  private func handOut(_ id: UInt32, _ protocolID: String, _ request: OutboundStreamRequest) {
    guard let core = streams[id]?.core else { return }
    do throws(ResourceLimitError) {
      try core.settle(protocolID, connection.peer)
    } catch {
      request.fail(error)
      return abort(id)
    }
    let stream = P2PStream(core, protocolID: protocolID, connection: connection)
    environment.report(.opened(connection, protocolID: protocolID, core.direction))
    // If nobody waits any more, the stream is forgotten here and thereby aborted.
    request.succeed(stream)
  }

  // MARK: Delivery

  func receive(_ id: UInt32, _ bytes: ByteBuffer) {
    guard let stream = streams[id], bytes.readableBytes > 0 else { return }
    if let negotiation = stream.negotiation {
      session.consume(id, bytes: bytes.readableBytes, now: now)
      do {
        try negotiate(id, negotiation, bytes)
      } catch {
        abort(id, error as? any LibP2PError ?? StreamError(.closed, "the negotiation failed"))
      }
      return
    }
    do throws(ResourceLimitError) {
      try stream.core.deliver(bytes)
      if delivered.last != id { delivered.append(id) }
    } catch {
      abort(id, error)
    }
  }

  func finished(_ id: UInt32) {
    guard let stream = streams[id] else { return }
    if stream.negotiation != nil {
      abort(id, NegotiationError(.closed, "the peer closed the stream during negotiation"))
    } else {
      stream.core.finish()
    }
  }

  // MARK: End

  /// Aborts a stream and tells the peer.
  func abort(_ id: UInt32, _ error: any LibP2PError = StreamError(.closed, "the stream was aborted")) {
    handle(session.reset(id))
    forget(id)?.fail(error)
  }

  /// Lets a stream that we are done with end by itself, as long as something moves.
  func linger(_ id: UInt32, queued: Int) {
    setEnd(id, now + environment.timeouts.linger, .linger(queued: queued))
  }

  func closed(_ id: UInt32) {
    guard let stream = forget(id) else { return }
    stream.core.release()
  }

  func forget(_ id: UInt32) -> ConnectionStream? {
    guard let stream = streams.removeValue(forKey: id) else { return nil }
    connection.streamClosed(now: now)
    return stream
  }

  // MARK: Times

  /// Says what happens to a stream when, instead of what was said before.
  func setEnd(_ id: UInt32, _ time: NIODeadline?, _ alarm: ConnectionStream.Alarm) {
    streams[id]?.end = time.map { ($0, alarm) }
    if let time { alarms.set(for: time, on: self) }
  }

  /// Does what is due for any stream.
  func alarmRang() {
    let now = now
    for (id, alarm) in streams.compactMap({ id, stream in stream.alarm(now: now).map { (id, $0) } }) {
      switch alarm {
      case .negotiation: abort(id, StreamError(.deadline, "the peer did not negotiate in time"))
      case .deadline: abort(id, StreamError(.deadline, "the deadline of the stream passed"))
      case .linger(let queued):
        let left = streams[id]?.core.queued ?? 0
        left > 0 && left != queued ? linger(id, queued: left) : abort(id)
      }
    }
    if let next = streams.values.lazy.compactMap(\.nextAlarm).min() { alarms.set(for: next, on: self) }
  }
}
