import DequeModule
import NIOCore
import NIOWebSocket

/// Carries out a ``JSONRPCStateMachine`` on a WebSocket channel. All of it runs on the event loop; callers
/// cross over once per request and once per answer.
final class WebSocketHandler: ChannelInboundHandler {
  typealias InboundIn = WebSocketFrame
  typealias OutboundOut = WebSocketFrame
  typealias ID = JSONRPCRequest.ID
  typealias BatchResult = JSONRPCStateMachine.BatchResult

  private let limits: RPCLimits
  private let nextID: @Sendable () -> ID
  private let onEnd: @Sendable (RPCError) -> Void
  private var machine: JSONRPCStateMachine
  private var heartbeat: HeartbeatStateMachine
  private var context: ChannelHandlerContext?
  private var end: RPCError?

  private var calls: [ID: CheckedContinuation<Result<JSONValue, RPCError>, Never>] = [:]
  private var batches: [ID: CheckedContinuation<BatchResult, Never>] = [:]
  private var confirmations: [ID: CheckedContinuation<Result<Void, RPCError>, Never>] = [:]
  private var sources: [ID: RPCSubscription.Source] = [:]

  private var outbox: Deque<(id: ID, bytes: [UInt8])> = []
  private var outboxBytes = 0
  private var flushes = false
  private var timer: Scheduled<Void>?
  private var timerDue: ContinuousClock.Instant?

  /// - Parameters:
  ///   - nextID: gives ids for the handler's own requests, from the same sequence as everyone's.
  ///   - onEnd: told once, when the connection is over.
  init(
    limits: RPCLimits, nextID: @escaping @Sendable () -> ID, onEnd: @escaping @Sendable (RPCError) -> Void
  ) {
    self.limits = limits
    self.nextID = nextID
    self.onEnd = onEnd
    machine = JSONRPCStateMachine(limits: limits)
    heartbeat = HeartbeatStateMachine(limits: limits, now: .now)
  }

  // MARK: Requests

  func call(
    _ request: JSONRPCRequest, timeout: Duration, _ cancellation: RPCCancellation,
    _ continuation: CheckedContinuation<Result<JSONValue, RPCError>, Never>
  ) {
    do throws(RPCError) {
      try admit(request, cancellation)
      try machine.open(request, deadline: .now + timeout)
    } catch {
      return continuation.resume(returning: .failure(error))
    }
    calls[request.id] = continuation
    send(request.id, request.bytes)
    arm(.now + timeout)
  }

  func batch(
    _ request: JSONRPCRequest, timeout: Duration, _ cancellation: RPCCancellation,
    _ continuation: CheckedContinuation<BatchResult, Never>
  ) {
    do throws(RPCError) {
      try admit(request, cancellation)
      try machine.open(request, deadline: .now + timeout)
    } catch {
      return continuation.resume(returning: .failure(error))
    }
    batches[request.id] = continuation
    send(request.id, request.bytes)
    arm(.now + timeout)
  }

  func subscribe(
    _ request: JSONRPCRequest, unsubscribe: String, itemDeadline: Duration?, timeout: Duration,
    source: RPCSubscription.Source, _ cancellation: RPCCancellation,
    _ continuation: CheckedContinuation<Result<Void, RPCError>, Never>
  ) {
    do throws(RPCError) {
      try admit(request, cancellation)
      try machine.open(
        subscription: request, unsubscribe: unsubscribe, itemDeadline: itemDeadline, deadline: .now + timeout)
    } catch {
      return continuation.resume(returning: .failure(error))
    }
    confirmations[request.id] = continuation
    sources[request.id] = source
    send(request.id, request.bytes)
    arm(.now + timeout)
  }

  /// The caller of a request, or the reader of a subscription, is gone.
  func cancel(_ id: ID) {
    let error = RPCError(.cancelled, "the task was cancelled")
    perform(machine.cancel(id, now: .now))
    sources[id] = nil
    if let continuation = calls.removeValue(forKey: id) {
      continuation.resume(returning: .failure(error))
    } else if let continuation = batches.removeValue(forKey: id) {
      continuation.resume(returning: .failure(error))
    } else if let continuation = confirmations.removeValue(forKey: id) {
      continuation.resume(returning: .failure(error))
    }
  }

  /// Closes in order: everything open fails with `error`, then a close frame goes out.
  func close(_ error: RPCError) {
    guard end == nil else { return }
    if let context {
      var code = context.channel.allocator.buffer(capacity: 2)
      let isProtocolError = error.kind == .malformed || error.kind == .frameTooLarge
      code.write(webSocketErrorCode: isProtocolError ? .protocolError : .normalClosure)
      write(WebSocketFrame(fin: true, opcode: .connectionClose, maskKey: .random(), data: code), in: context)
    }
    finish(error)
  }

  private func admit(_ request: JSONRPCRequest, _ cancellation: RPCCancellation) throws(RPCError) {
    if cancellation.isRequested { throw RPCError(.cancelled, "the task was cancelled") }
    if let end { throw RPCError(.connectionLost, "the connection is closed: \(end.message)") }
    guard outboxBytes + request.bytes.count <= limits.outboundBytes else {
      throw RPCError(.overloaded, "\(outboxBytes) bytes wait to be sent; the endpoint reads too slowly")
    }
  }

  // MARK: Actions

  private func perform(_ actions: [JSONRPCStateMachine.Action]) {
    for action in actions {
      switch action {
      case .answer(let id, let result): calls.removeValue(forKey: id)?.resume(returning: result)
      case .answerBatch(let id, let result): batches.removeValue(forKey: id)?.resume(returning: result)
      case .confirmSubscription(let id, let result):
        if case .failure = result { sources[id] = nil }
        confirmations.removeValue(forKey: id)?.resume(returning: result)
        if let next = machine.nextDeadline { arm(next) }
      case .deliver(let id, let item): sources[id]?.yield(item)
      case .endSubscription(let id, let error): sources.removeValue(forKey: id)?.finish(error)
      case .unsubscribe(let method, let serverID): unsubscribe(method, serverID)
      case .close(let error): close(error)
      }
    }
  }

  private func unsubscribe(_ method: String, _ serverID: JSONValue) {
    guard let request = try? JSONRPCRequest(id: nextID(), method, [serverID], limits: limits),
      (try? machine.open(ignoring: request, deadline: .now + limits.callTimeout)) != nil
    else { return }
    send(request.id, request.bytes)
  }

  // MARK: Writing

  private func send(_ id: ID, _ bytes: [UInt8]) {
    guard let context, context.channel.isWritable, outbox.isEmpty else {
      outbox.append((id, bytes))
      outboxBytes += bytes.count
      return
    }
    write(text(bytes, in: context), in: context)
  }

  private func drain(_ context: ChannelHandlerContext) {
    while context.channel.isWritable, let (id, bytes) = outbox.popFirst() {
      outboxBytes -= bytes.count
      // Nobody waits for it any more: a late submission would surprise.
      if machine.isOpen(id) { write(text(bytes, in: context), in: context) }
    }
  }

  private func text(_ bytes: [UInt8], in context: ChannelHandlerContext) -> WebSocketFrame {
    let data = context.channel.allocator.buffer(bytes: bytes)
    return WebSocketFrame(fin: true, opcode: .text, maskKey: .random(), data: data)
  }

  /// Requests that arrive in one turn of the event loop leave in one write.
  private func write(_ frame: WebSocketFrame, in context: ChannelHandlerContext) {
    context.write(wrapOutboundOut(frame), promise: nil)
    guard !flushes else { return }
    flushes = true
    let this = NIOLoopBound(self, eventLoop: context.eventLoop)
    context.eventLoop.execute {
      this.value.flushes = false
      this.value.context?.flush()
    }
  }

  // MARK: Time

  private func arm(_ instant: ContinuousClock.Instant) {
    guard let context, end == nil else { return }
    let due = min(instant, heartbeat.next)
    if let timerDue, timerDue <= due { return }
    timer?.cancel()
    timerDue = due
    let this = NIOLoopBound(self, eventLoop: context.eventLoop)
    let delay = max(.zero, ContinuousClock.now.duration(to: due))
    timer = context.eventLoop.scheduleTask(in: TimeAmount(delay)) { this.value.tick() }
  }

  private func tick() {
    (timer, timerDue) = (nil, nil)
    guard let context, end == nil else { return }
    let now = ContinuousClock.now
    perform(machine.expire(now: now))
    switch heartbeat.tick(now: now) {
    case .wait: break
    case .ping:
      let data = context.channel.allocator.buffer(capacity: 0)
      write(WebSocketFrame(fin: true, opcode: .ping, maskKey: .random(), data: data), in: context)
    case .giveUp:
      finish(RPCError(.connectionLost, "the endpoint is silent and does not answer pings"))
    }
    arm(machine.nextDeadline ?? heartbeat.next)
  }

  // MARK: Channel

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    arm(heartbeat.next)
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    finish(RPCError(.connectionLost, "the connection ended"))
    self.context = nil
  }

  func channelInactive(context: ChannelHandlerContext) {
    finish(RPCError(.connectionLost, "the endpoint closed the connection"))
    context.fireChannelInactive()
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    drain(context)
    context.fireChannelWritabilityChanged()
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    if heartbeat.heard(now: .now) { arm(heartbeat.next) }
    context.fireChannelReadComplete()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let frame = unwrapInboundIn(data)
    guard end == nil else { return }
    guard frame.maskKey == nil, !frame.rsv1, !frame.rsv2, !frame.rsv3 else {
      return close(RPCError(.malformed, "the endpoint sends masked or extended WebSocket frames"))
    }
    switch frame.opcode {
    case .text, .binary:
      let actions = frame.data.withUnsafeReadableBytes {
        machine.receive(Span(_unsafeBytes: $0), now: .now)
      }
      perform(actions)
    case .ping:
      // A peer that pings without reading gets no pongs: they would pile up here.
      guard context.channel.isWritable else { return }
      write(WebSocketFrame(fin: true, opcode: .pong, maskKey: .random(), data: frame.data), in: context)
    case .connectionClose:
      let code = frame.data.getWebSocketErrorCode(at: frame.data.readerIndex).map {
        UInt16(webSocketErrorCode: $0)
      }
      let reason = code.map { " (close code \($0))" } ?? ""
      close(RPCError(.connectionLost, "the endpoint closed the connection\(reason)"))
    default: break
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    switch error {
    case NIOWebSocketError.invalidFrameLength,
      NIOWebSocketFrameAggregator.Error.accumulatedFrameSizeIsTooLarge:
      close(RPCError(.frameTooLarge, "the endpoint sends a message over the limit"))
    case is NIOWebSocketError, is NIOWebSocketFrameAggregator.Error:
      close(RPCError(.malformed, "the endpoint breaks the WebSocket protocol"))
    default: finish(.transport(error))
    }
  }

  private func finish(_ error: RPCError) {
    guard end == nil else { return }
    end = error
    timer?.cancel()
    (outbox, outboxBytes) = ([], 0)
    perform(machine.end(error))
    onEnd(error)
    guard let context else { return }
    context.flush()
    context.close(promise: nil)
  }
}
