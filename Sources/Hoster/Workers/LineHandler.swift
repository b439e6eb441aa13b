import NIOCore

/// Reads lines from a worker's descriptor, no faster than ``bytesPerTurn`` in ``turn``: one that floods is held back
/// by its own pipe.
final class LineHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  static let bytesPerTurn = 64 << 10
  static let turn = TimeAmount.milliseconds(50)

  private var cutter: LineCutter
  private var readInTurn = 0
  private var turnEnd = NIODeadline.uptimeNanoseconds(0)
  private let onLine: ([UInt8], Bool) -> Void

  /// - Parameters:
  ///   - limit: bytes of a line that are kept.
  ///   - onLine: gets a line without its end, and whether it was cut; on the channel's event loop.
  init(limit: Int, onLine: @escaping ([UInt8], Bool) -> Void) {
    cutter = LineCutter(limit: limit)
    self.onLine = onLine
  }

  func handlerAdded(context: ChannelHandlerContext) {
    if context.channel.isActive { context.read() }
  }

  func channelActive(context: ChannelHandlerContext) {
    context.fireChannelActive()
    context.read()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let bytes = unwrapInboundIn(data)
    readInTurn += bytes.readableBytes
    cutter.append(bytes.readableBytesView, onLine)
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    let now = NIODeadline.now()
    if now >= turnEnd { (readInTurn, turnEnd) = (0, now + Self.turn) }
    guard readInTurn >= Self.bytesPerTurn else { return context.read() }
    context.eventLoop.assumeIsolated().scheduleTask(deadline: turnEnd) { context.read() }
  }

  func channelInactive(context: ChannelHandlerContext) {
    cutter.finishInput(onLine)
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
