import NIOCore
import NIOWebSocket
import Substrate

/// One client behind a WebSocket.
final class WebSocketSide: ChannelInboundHandler {
  typealias InboundIn = WebSocketFrame
  typealias OutboundOut = WebSocketFrame

  /// Bytes of one message, over both transports.
  static let messageLimit = 16 << 20

  private let loop: NodeLoop
  private var client: Int?

  init(_ loop: NodeLoop) { self.loop = loop }

  func handlerAdded(context: ChannelHandlerContext) {
    guard let client = loop.join(context.channel) else { return context.close(promise: nil) }
    self.client = client
  }

  func channelInactive(context: ChannelHandlerContext) {
    if let client { loop.leave(client) }
    client = nil
    context.fireChannelInactive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let frame = unwrapInboundIn(data)
    switch frame.opcode {
    case .text, .binary:
      guard let client else { return }
      let loop = loop
      loop.receive(Array(frame.unmaskedData.readableBytesView), from: client) { loop.send($0, to: client) }
    case .ping:
      let pong = WebSocketFrame(fin: true, opcode: .pong, data: frame.unmaskedData)
      context.writeAndFlush(wrapOutboundOut(pong), promise: nil)
    case .connectionClose:
      let channel = context.channel
      let close = WebSocketFrame(fin: true, opcode: .connectionClose, data: frame.unmaskedData)
      context.writeAndFlush(wrapOutboundOut(close)).whenComplete { _ in channel.close(promise: nil) }
    default: break
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }
}
