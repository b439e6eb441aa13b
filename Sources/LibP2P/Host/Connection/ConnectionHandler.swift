import DequeModule
import NIOCore

/// Runs a secure connection on its event loop: Noise and Yamux below, streams above.
///
/// It carries out what the state machines say and holds no protocol rules of its own.
final class ConnectionHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  /// Plaintext sealed at a time: four messages that fill 64 KiB. Above that, malloc gives each buffer fresh pages.
  private static let batch = (64 << 10) - 4 * (NoiseTransport.sealedLength(of: 1) - 1)

  /// Bytes read at once from which a transfer is assumed, whose reader is woken once for several reads.
  private static let longRead = 32 << 10

  let connection: P2PConnection
  let environment: ConnectionEnvironment
  var session: YamuxSession
  var streams: [UInt32: ConnectionStream] = [:]
  private var secure: NoiseTransport
  private let resources: ResourceScope
  private var channel: (any Channel)?
  private var timer: (at: NIODeadline, task: Scheduled<Void>)?
  var alarms = StreamAlarms()
  /// Streams with bytes that their readers have not been told of.
  var delivered: [UInt32] = []
  private var isPumping = false
  /// Why the connection ends, once it does.
  private(set) var ending: (any LibP2PError)?

  /// - Parameter resources: the connection's place in the limits, given back at its end.
  init(
    connection: P2PConnection, environment: ConnectionEnvironment, resources: ResourceScope,
    secure: consuming NoiseTransport, now: NIODeadline
  ) {
    self.connection = connection
    self.environment = environment
    self.resources = resources
    self.secure = secure
    session = YamuxSession(
      role: connection.direction == .outbound ? .dialer : .listener, limits: environment.yamux, now: now)
  }

  var now: NIODeadline { channel?.eventLoop.now ?? .now() }

  // MARK: Channel

  func handlerAdded(context: ChannelHandlerContext) {
    channel = context.channel
    connection.mailbox.open(
      ConnectionMailbox.Receiver { [weak self] commands, isDue in
        for command in commands {
          if let self, self.ending == nil { self.handle(command) } else { ConnectionMailbox.refuse(command) }
        }
        // The beginning of a stream goes out with what its caller writes, the end with what comes next.
        isDue ? self?.pump() : self?.connection.mailbox.schedule()
      })
  }

  /// Begins with what arrived during the handshake.
  ///
  /// - Parameters:
  ///   - early: plaintext that came behind the handshake's last message.
  ///   - late: sealed bytes that came after.
  func begin(early: ByteBuffer, late: ByteBuffer) {
    if early.readableBytes > 0 { handle(session.receive(early, now: now)) }
    decrypt(late)
    pump()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let bytes = unwrapInboundIn(data)
    decrypt(bytes)
    // A short read empties the socket; after a long one the next is worth waiting for.
    if bytes.readableBytes < Self.longRead { wakeReaders() }
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    wakeReaders()
    // What tasks write at once in answer goes out together with what the session says by itself.
    session.hasOutput ? connection.mailbox.schedule() : pump()
    context.fireChannelReadComplete()
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    pump()
    context.fireChannelWritabilityChanged()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    end(HostError(.connectionLost, "the connection broke: \(error)"))
  }

  func channelInactive(context: ChannelHandlerContext) {
    finish(ending ?? HostError(.connectionLost, "the peer closed the connection"))
    context.fireChannelInactive()
  }

  // MARK: Bytes

  private func decrypt(_ bytes: ByteBuffer) {
    guard ending == nil, bytes.readableBytes > 0 else { return }
    var plaintext = ByteBuffer()
    do throws(NoiseError) {
      try secure.open(bytes, into: &plaintext)
    } catch {
      return misbehaved("noise", error)
    }
    if plaintext.readableBytes > 0 { handle(session.receive(plaintext, now: now)) }
  }

  /// Wakes the readers of what arrived since the last time.
  private func wakeReaders() {
    for id in delivered {
      if let consumed = streams[id]?.core.wakeReader(), consumed > 0 { session.consume(id, bytes: consumed, now: now) }
    }
    delivered.removeAll(keepingCapacity: true)
  }

  /// Sends what the session has, as long as the socket takes it.
  func pump() {
    guard let channel, !isPumping else { return }
    isPumping = true
    defer { isPumping = false }
    wakeReaders()
    var plaintext = PlaintextPieces()
    // Writes go out together; what the socket takes at once makes room for more.
    while session.hasOutput, channel.isWritable {
      while session.hasOutput, channel.isWritable {
        plaintext.clear()
        handle(session.drain(into: &plaintext, target: Self.batch))
        var sealed = ByteBuffer()
        guard seal(&plaintext, into: &sealed) else { return }
        channel.write(sealed, promise: nil)
      }
      channel.flush()
    }
    if ending == nil, session.isDrained { leave() }
    schedule()
  }

  private func seal(_ plaintext: inout PlaintextPieces, into sealed: inout ByteBuffer) -> Bool {
    do throws(NoiseError) {
      try secure.seal(&plaintext, into: &sealed)
      return true
    } catch {
      end(error)
      return false
    }
  }

  private func schedule() {
    let next = session.nextDeadline
    guard ending == nil, timer.map({ next < $0.at }) ?? true else { return }
    timer?.task.cancel()
    timer = schedule(at: next) { $0.timerFired() }.map { (next, $0) }
  }

  /// Runs `fire` on the event loop at `deadline`, if this handler is still there.
  func schedule(at deadline: NIODeadline, _ fire: @escaping (ConnectionHandler) -> Void) -> Scheduled<Void>? {
    guard let eventLoop = channel?.eventLoop else { return nil }
    let bound = NIOLoopBound(
      { [weak self] in
        guard let self else { return }
        fire(self)
        self.pump()
      }, eventLoop: eventLoop)
    return eventLoop.scheduleTask(deadline: deadline) { bound.value() }
  }

  private func timerFired() {
    timer = nil
    handle(session.timerFired(now: now))
  }

  // MARK: The end

  /// Says goodbye and closes when everything has gone out and the peer has taken it.
  private func leave() {
    session.goAway()
    end(HostError(.closed, "this side closed the connection"), isOrderly: true)
  }

  /// Leaves once no stream was open for a while, so that none which is under way gets lost.
  private func leaveWhenIdle() {
    let due = connection.lastUse + environment.timeouts.supersededIdle
    if session.streamCount == 0, due <= now { return leave() }
    _ = schedule(at: max(due, now + environment.timeouts.supersededIdle)) { $0.leaveWhenIdle() }
  }

  /// Sends what the session has left to say, then closes.
  ///
  /// - Parameter isOrderly: waits for the peer to close, since a socket that is closed with unread bytes in it
  ///   discards what the peer has not taken yet.
  func end(_ error: any LibP2PError, isOrderly: Bool = false) {
    guard ending == nil, let channel else { return }
    ending = error
    connection.ended()
    failStreams(error)
    var (farewell, sealed) = (PlaintextPieces(), ByteBuffer())
    _ = session.drain(into: &farewell, target: YamuxFrame.headerLength)
    _ = seal(&farewell, into: &sealed)
    let isOut = channel.writeAndFlush(sealed)
    guard isOrderly else { return channel.close(promise: nil) }
    isOut.whenComplete { _ in channel.close(mode: .output, promise: nil) }
    _ = channel.eventLoop.scheduleTask(in: environment.timeouts.farewell) { channel.close(promise: nil) }
  }

  private func misbehaved(_ component: String, _ error: any LibP2PError) {
    environment.report(.offended(connection.peer, connection.remoteAddress, component: component, error))
    end(error)
  }

  private func finish(_ error: any LibP2PError) {
    guard channel != nil else { return }
    channel = nil
    ending = error
    timer?.task.cancel()
    alarms.cancel()
    connection.ended()
    resources.close()
    failStreams(error)
    environment.report(.ended(connection, error))
  }

  private func failStreams(_ error: any LibP2PError) {
    let orphans = streams.values
    streams = [:]
    for stream in orphans {
      stream.fail(StreamError(.connectionLost, "the connection ended: \(error.message)"))
    }
  }

  // MARK: Commands of tasks

  func handle(_ command: ConnectionMailbox.Command) {
    switch command {
    case .write(let id, let bytes): try? session.write(bytes, to: id)
    case .writeFrame(let id, let bytes, let framing, let done):
      done.resume(with: Result { try session.write(bytes, to: id, framing: framing) })
    case .consumed(let id, let count): session.consume(id, bytes: count, now: now)
    case .finish(let id): session.finish(id)
    case .abandoned(let id): linger(id, queued: streams[id]?.core.queued ?? 0)
    case .reset(let id):
      // The peer learns that its protocol is spoken before it learns that this stream is over. A stream of our own that
      // it has not heard of is forgotten.
      if let core = streams[id]?.core, core.direction == .inbound, core.sentCount == 0 { pump() }
      abort(id)
    case .deadline(let id, let deadline): setEnd(id, deadline, .deadline)
    case .open(let request): open(request)
    case .goAway: session.goAway()
    case .retire: leaveWhenIdle()
    case .close: leave()
    }
  }

  // MARK: Events of the session

  func handle(_ events: [YamuxEvent]) {
    for event in events {
      switch event {
      case .opened(let id): accept(id)
      case .received(let id, let bytes): receive(id, bytes)
      case .finished(let id): finished(id)
      case .sent(let id, let count): streams[id]?.core.sent(count)
      case .reset(let id): forget(id)?.fail(StreamError(.reset, "the peer aborted the stream"))
      case .closed(let id): closed(id)
      case .goneAway: connection.peerGoesAway()
      case .roundTrip(let time): connection.measured(time)
      case .failed(let error): error.isMisbehaviour ? misbehaved("yamux", error) : end(error)
      }
    }
  }
}
