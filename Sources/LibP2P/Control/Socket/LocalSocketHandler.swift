import DequeModule
import NIOCore

/// Moves bytes between a channel on this machine and its ``StreamCore``, on the event loop.
final class LocalSocketHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  /// Unread bytes from which nothing more is read from the socket.
  private static let window = 256 << 10
  /// How long the other side may take to read what is queued behind the end.
  private static let linger = TimeAmount.seconds(10)

  private let core: StreamCore
  private let mailbox: ConnectionMailbox
  private let closeIsAbort: Bool
  private var context: ChannelHandlerContext?
  private var unread = 0
  private var unsent = 0
  private var isReading = false
  private var isAbandoned = false
  private var isFinished = false
  private var isBroken = false
  private var deadline: Scheduled<Void>?

  /// - Parameter closeIsAbort: as ``LocalSocket/adopt(_:_:closeIsAbort:resources:)`` has it.
  init(_ core: StreamCore, _ mailbox: ConnectionMailbox, closeIsAbort: Bool) {
    self.core = core
    self.mailbox = mailbox
    self.closeIsAbort = closeIsAbort
  }

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    mailbox.open(ConnectionMailbox.Receiver { [weak self] commands, _ in self?.take(commands) })
    if context.channel.isActive { readMore() }
  }

  func channelActive(context: ChannelHandlerContext) {
    readMore()
    context.fireChannelActive()
  }

  // MARK: Reading

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let bytes = unwrapInboundIn(data)
    guard !isAbandoned else { return }
    unread += bytes.readableBytes
    do throws(ResourceLimitError) {
      try core.deliver(bytes)
    } catch {
      core.fail(error)
      context.close(promise: nil)
    }
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    isReading = false
    unread -= core.wakeReader()
    readMore()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case .inputClosed? = event as? ChannelEvent { inputClosed(context) }
    context.fireUserInboundEventTriggered(event)
  }

  /// The other side writes no more. Whether it has closed the socket altogether shows only after this turn of the event
  /// loop.
  private func inputClosed(_ context: ChannelHandlerContext) {
    guard closeIsAbort, !isFinished else { return core.finish() }
    context.eventLoop.assumeIsolated().execute { [weak self] in
      guard let self, let context = self.context, context.channel.isActive else { return }
      core.finish()
    }
  }

  private func readMore() {
    guard !isReading, unread < Self.window, let context, context.channel.isActive else { return }
    isReading = true
    context.read()
  }

  // MARK: What the task asks

  private func take(_ commands: Deque<ConnectionMailbox.Command>) {
    for command in commands {
      guard context != nil else {
        ConnectionMailbox.refuse(command)
        continue
      }
      take(command)
    }
    context?.flush()
  }

  private func take(_ command: ConnectionMailbox.Command) {
    switch command {
    case .write(_, let bytes): write(bytes)
    case .writeFrame(_, let bytes, _, let done):
      write(bytes)
      done.resume()
    case .consumed(_, let bytes):
      unread -= bytes
      readMore()
    case .finish:
      isFinished = true
      if unsent == 0 { closeOutput() }
    case .abandoned:
      isAbandoned = true
      // Nobody takes more, and the end of the other side has to be noticed all the same.
      unread = 0
      readMore()
      if unsent == 0 { close() } else { schedule(.now() + Self.linger) { $0.close() } }
    case .reset, .close: close()
    case .deadline(_, let deadline): schedule(deadline) { $0.core.reset(StreamError(.deadline, "the deadline passed")) }
    case .open, .goAway, .retire: ConnectionMailbox.refuse(command)
    }
  }

  private func write(_ bytes: ByteBuffer) {
    guard let context else { return }
    let count = bytes.readableBytes
    unsent += count
    context.write(wrapOutboundOut(bytes)).assumeIsolated().whenComplete { [self] _ in
      unsent -= count
      core.sent(count)
      guard unsent == 0 else { return }
      if isAbandoned { close() } else if isFinished { closeOutput() }
    }
  }

  private func schedule(_ deadline: NIODeadline?, _ body: @escaping (LocalSocketHandler) -> Void) {
    self.deadline?.cancel()
    self.deadline = deadline.flatMap { deadline in
      context?.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { [weak self] in
        if let self { body(self) }
      }
    }
  }

  // MARK: End

  private func close() { context?.close(promise: nil) }

  /// Only when everything is sent: a channel whose input has ended is closed altogether at once.
  private func closeOutput() { context?.close(mode: .output, promise: nil) }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    // The channel becomes inactive next, and what came before an orderly end is still to be read.
    isBroken = true
    context.close(promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) {
    end()
    context.fireChannelInactive()
  }

  /// Comes without `channelInactive` when the connection never stood.
  func handlerRemoved(context: ChannelHandlerContext) { end() }

  private func end() {
    guard context != nil else { return }
    context = nil
    deadline?.cancel()
    // A channel whose output is closed closes altogether at the end of its input, without a word of that.
    if isFinished, !isBroken { core.finish() }
    core.fail(StreamError(.connectionLost, "the socket is closed"))
    core.release()
  }
}
