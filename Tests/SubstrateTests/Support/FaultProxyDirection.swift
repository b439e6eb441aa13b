import NIOCore

/// Carries bytes from the channel it is a handler of to `sink`, as late as the mode says and in order. Reading
/// pauses while too much is under way or the mode is silent, so memory stays bounded.
final class FaultProxyDirection: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  /// Bytes read and not yet written at which reading pauses.
  static let underWayLimit = 1 << 20

  var mode: FaultProxy.Mode { didSet { pump() } }
  private let sink: any Channel
  private var context: ChannelHandlerContext?
  private var withheld: CircularBuffer<(due: NIODeadline, bytes: ByteBuffer)> = []
  private var underWay = 0
  private var isReading = false
  private var hasEnded = false
  private var alarm: Scheduled<Void>?

  init(to sink: any Channel, mode: FaultProxy.Mode) {
    self.sink = sink
    self.mode = mode
  }

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    if context.channel.isActive { pump() }
  }

  func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

  func channelActive(context: ChannelHandlerContext) { pump() }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let bytes = unwrapInboundIn(data)
    underWay += bytes.readableBytes
    withheld.append((.now() + delay, bytes))
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    isReading = false
    pump()
  }

  func channelInactive(context: ChannelHandlerContext) {
    hasEnded = true
    pump()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

  private var delay: TimeAmount { if case .delay(let amount) = mode { amount } else { .zero } }

  /// Forwards what is due, and sees to it that it is called again when the rest is.
  private func pump() {
    guard mode != .silence else { return }
    while let (due, bytes) = withheld.first, due <= .now() {
      withheld.removeFirst()
      sink.writeAndFlush(bytes).assumeIsolated().whenComplete { _ in
        self.underWay -= bytes.readableBytes
        self.proceed()
      }
    }
    alarm?.cancel()
    alarm = withheld.first.map { next in
      sink.eventLoop.assumeIsolated().scheduleTask(deadline: next.due) { self.pump() }
    }
    proceed()
  }

  /// Asks for more bytes, or passes the end on once everything before it was written.
  private func proceed() {
    guard mode != .silence else { return }
    if hasEnded {
      if underWay == 0 { sink.close(promise: nil) }
    } else if !isReading, underWay < Self.underWayLimit, let context {
      isReading = true
      context.read()
    }
  }
}
