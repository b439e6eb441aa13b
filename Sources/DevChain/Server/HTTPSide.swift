import NIOCore
import NIOHTTP1
import Substrate

/// One client that sends its requests by HTTP. It can't be told anything later.
final class HTTPSide: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  private let loop: NodeLoop
  private var head: HTTPRequestHead?
  private var body: [UInt8] = []
  private var isTooLong = false

  init(_ loop: NodeLoop) { self.loop = loop }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head):
      self.head = head
      body = []
      isTooLong = false
    case .body(let part):
      if body.count + part.readableBytes > WebSocketSide.messageLimit {
        isTooLong = true
        body = []
      } else if !isTooLong {
        body.append(contentsOf: part.readableBytesView)
      }
    case .end: finish(context)
    }
  }

  private func finish(_ context: ChannelHandlerContext) {
    guard let head else { return }
    self.head = nil
    guard head.method == .POST else {
      return respond(
        context, .methodNotAllowed, "Used HTTP Method is not allowed. POST is required\n", keepAlive: false)
    }
    guard !isTooLong else { return respond(context, .payloadTooLarge, "", keepAlive: false) }
    let bound = NIOLoopBound((context: context, side: self), eventLoop: context.eventLoop)
    let keepAlive = head.isKeepAlive
    var isAnswered = false
    let message = body
    body = []
    loop.receive(message, from: nil) { answer in
      isAnswered = true
      bound.value.side.respond(
        bound.value.context, .ok, String(decoding: answer.encoded(), as: UTF8.self), keepAlive: keepAlive)
    }
    // A notification, or a fault: nothing may be held open for it when no delay explains it.
    if !isAnswered, loop.node.faults.delay == .zero { respond(context, .ok, "", keepAlive: keepAlive) }
  }

  private func respond(
    _ context: ChannelHandlerContext, _ status: HTTPResponseStatus, _ text: String, keepAlive: Bool
  ) {
    guard context.channel.isActive else { return }
    var head = HTTPResponseHead(version: .http1_1, status: status)
    head.headers.add(name: "Content-Type", value: "application/json")
    head.headers.add(name: "Content-Length", value: "\(text.utf8.count)")
    if !keepAlive { head.headers.add(name: "Connection", value: "close") }
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: text)))), promise: nil)
    let channel = context.channel
    let sent = context.writeAndFlush(wrapOutboundOut(.end(nil)))
    if !keepAlive { sent.whenComplete { _ in channel.close(promise: nil) } }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }
}
