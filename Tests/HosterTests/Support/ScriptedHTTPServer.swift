import NIOCore
import NIOPosix
import Synchronization

/// A server on 127.0.0.1 that answers every connection's first request with fixed bytes.
final class ScriptedHTTPServer: Sendable {
  /// What happens after the answer.
  enum Ending: Equatable {
    case close, hold
    /// The connection is kept up to its next request, and then closed without an answer.
    case closeAtNext
    /// The same bytes are sent again and again, until the client is tired of it.
    case trickle(String)
  }

  /// Requests as text.
  let requests: AsyncStream<String>
  /// One element for each connection that the client ended.
  let hangUps: AsyncStream<Void>
  let port: Int
  private let channel: any Channel

  init(_ answer: String, then ending: Ending = .close) async throws {
    let (requests, requestArrived) = AsyncStream.makeStream(of: String.self)
    let (hangUps, hungUp) = AsyncStream.makeStream(of: Void.self)
    (self.requests, self.hangUps) = (requests, hangUps)
    channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(
            Handler(answer: answer, ending: ending, requestArrived, hungUp))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    port = channel.localAddress?.port ?? 0
  }

  func stop() async throws { try await channel.close() }

  private final class Handler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let answer: String
    private let ending: Ending
    private let requestArrived: AsyncStream<String>.Continuation
    private let hungUp: AsyncStream<Void>.Continuation
    private var request = ""
    private var isAnswered = false

    init(
      answer: String, ending: Ending, _ requestArrived: AsyncStream<String>.Continuation,
      _ hungUp: AsyncStream<Void>.Continuation
    ) {
      self.answer = answer
      self.ending = ending
      self.requestArrived = requestArrived
      self.hungUp = hungUp
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      request += String(buffer: unwrapInboundIn(data))
      // A request has a body of JSON behind its header, or none.
      guard request.contains("\r\n\r\n"), request.hasPrefix("GET") || request.hasSuffix("}") else { return }
      requestArrived.yield(request)
      request = ""
      guard !isAnswered || ending != .closeAtNext else { return context.close(promise: nil) }
      isAnswered = true
      let written = context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: answer)))
      let channel = context.channel
      switch ending {
      case .hold, .closeAtNext: break
      case .close: written.whenComplete { _ in channel.close(promise: nil) }
      case .trickle(let bytes):
        channel.eventLoop.scheduleRepeatedTask(initialDelay: .zero, delay: .milliseconds(50)) { task in
          if channel.isActive { channel.writeAndFlush(ByteBuffer(string: bytes), promise: nil) } else { task.cancel() }
        }
      }
    }

    func channelInactive(context: ChannelHandlerContext) { hungUp.yield() }
  }
}
