import NIOCore

/// Carries out a ``ConnectionUpgrade`` on a channel and hands the channel to a ``ConnectionHandler``.
///
/// The whole upgrade has a deadline, from the TCP connection to the gater's answer, and every phase has one. From
/// the handshake's end on nothing is read until the connection is admitted.
final class UpgradeHandler: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  /// Who is on the other side, and how the channel is secured.
  struct Outcome: Sendable {
    var peer: PeerID
    var peerKey: PublicKey?
    var security: String
  }

  private var upgrade: ConnectionUpgrade
  private let timeouts: HostTimeouts
  private let outcome: EventLoopPromise<Outcome>
  private var early = ByteBuffer()
  /// Sealed bytes that arrived before reading stopped; a few reads at most.
  private var late = ByteBuffer()
  private var isEstablished = false
  private var hasEnded = false
  private var timers: (total: Scheduled<Void>?, phase: Scheduled<Void>?)
  private var phase = -1

  init(_ upgrade: consuming ConnectionUpgrade, timeouts: HostTimeouts, outcome: EventLoopPromise<Outcome>) {
    self.upgrade = upgrade
    self.timeouts = timeouts
    self.outcome = outcome
  }

  func channelActive(context: ChannelHandlerContext) {
    timers.total = schedule(context, timeouts.upgrade)
    armPhase(context)
    send(upgrade.start(), context)
    context.fireChannelActive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let bytes = unwrapInboundIn(data)
    guard !hasEnded else { return }
    guard !isEstablished else {
      late.writeImmutableBuffer(bytes)
      return
    }
    do {
      switch try upgrade.receive(bytes) {
      case .wait: break
      case .send(let answer): send(answer, context)
      case .established(let peer, let security, let answer, let early):
        send(answer, context)
        self.early = early
        isEstablished = true
        timers.phase?.cancel()
        let result = Outcome(peer: peer, peerKey: upgrade.peerKey, security: security)
        context.channel.setOption(.autoRead, value: false).assumeIsolated().whenComplete { [outcome] _ in
          outcome.succeed(result)
        }
        return
      }
      armPhase(context)
    } catch {
      fail(error, context)
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    fail(HostError(.connectionLost, "the peer closed the connection before it was ready"), context)
    context.fireChannelInactive()
  }

  /// Comes without `channelInactive` when the TCP connection never stood.
  func handlerRemoved(context: ChannelHandlerContext) {
    fail(HostError(.unreachable, "the connection was not made"), context)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    fail(HostError(.connectionLost, "the connection broke: \(error)"), context)
  }

  /// Puts the connection into service in this handler's place.
  ///
  /// - Parameter enter: enters it in the host's books before its first stream.
  /// - Throws: ``HostError`` if the channel has ended meanwhile.
  func admit(
    _ connection: P2PConnection, environment: ConnectionEnvironment, resources: ResourceScope,
    context: ChannelHandlerContext, entering enter: () -> Void
  ) throws {
    guard !hasEnded, let secure = upgrade.takeTransport() else {
      throw HostError(.connectionLost, "the connection ended before it was ready")
    }
    hasEnded = true
    timers.total?.cancel()
    let handler = ConnectionHandler(
      connection: connection, environment: environment, resources: resources, secure: secure,
      now: context.eventLoop.now)
    let pipeline = context.pipeline.syncOperations
    try pipeline.addHandler(handler, position: .after(self))
    pipeline.removeHandler(self, promise: nil)
    enter()
    handler.begin(early: early, late: late)
    context.channel.setOption(.autoRead, value: true).whenComplete { _ in }
  }

  // MARK: Deadlines

  private func armPhase(_ context: ChannelHandlerContext) {
    guard phase != upgrade.phaseNumber else { return }
    phase = upgrade.phaseNumber
    timers.phase?.cancel()
    timers.phase = schedule(context, timeouts.phase)
  }

  private func schedule(_ context: ChannelHandlerContext, _ delay: TimeAmount) -> Scheduled<Void> {
    context.eventLoop.assumeIsolated().scheduleTask(in: delay) { [weak self] in
      self?.fail(HostError(.timeout, "the peer did not finish the handshake in time"), context)
    }
  }

  private func fail(_ error: any Error, _ context: ChannelHandlerContext) {
    guard !hasEnded else { return }
    hasEnded = true
    timers.total?.cancel()
    timers.phase?.cancel()
    outcome.fail(error)
    context.close(promise: nil)
  }

  private func send(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
    if bytes.readableBytes > 0 { context.writeAndFlush(wrapOutboundOut(bytes), promise: nil) }
  }
}
