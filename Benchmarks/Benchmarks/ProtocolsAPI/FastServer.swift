import NIOCore
import NIOHTTP1
import NIOPosix

/// The HTTP server behind the routes: `/bytes` streams what is measured, anything else gets a short answer.
enum FastServer {
  /// Starts on a free port of loopback.
  static func start(bytes: Int) async throws -> (any Channel, port: Int) {
    let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.configureHTTPServerPipeline()
          try channel.pipeline.syncOperations.addHandler(Responder(bytes: bytes))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    return (channel, channel.localAddress?.port ?? 0)
  }

  private final class Responder: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private static let portion = ByteBuffer(repeating: 7, count: 256 << 10)
    private static let short = ByteBuffer(string: #"{"ok":true}"#)

    private let bytes: Int
    private var isLong = false
    private var left = 0

    init(bytes: Int) { self.bytes = bytes }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      switch unwrapInboundIn(data) {
      case .head(let head): isLong = head.uri == "/bytes"
      case .body: break
      case .end:
        let length = isLong ? bytes : Self.short.readableBytes
        let headers: HTTPHeaders = ["content-length": "\(length)", "content-type": "application/octet-stream"]
        context.write(wrapOutboundOut(.head(.init(version: .http1_1, status: .ok, headers: headers))), promise: nil)
        guard isLong else {
          context.write(wrapOutboundOut(.body(.byteBuffer(Self.short))), promise: nil)
          return context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
        left = bytes
        pour(context)
      }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
      if left > 0 { pour(context) }
      context.fireChannelWritabilityChanged()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func pour(_ context: ChannelHandlerContext) {
      while left > 0, context.channel.isWritable {
        let piece = Self.portion.getSlice(at: 0, length: min(left, Self.portion.readableBytes)) ?? ByteBuffer()
        left -= piece.readableBytes
        context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(piece))), promise: nil)
      }
      if left == 0 { context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil) }
    }
  }
}
