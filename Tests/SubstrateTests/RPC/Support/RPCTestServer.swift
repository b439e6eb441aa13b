import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import NIOWebSocket
import Substrate
import Synchronization

/// A JSON-RPC server on loopback, WebSocket and HTTP on one port, that does what a test tells it to:
/// each request is answered by a list of steps, faults included.
final class RPCTestServer: Sendable {
  enum Step: Sendable {
    /// A message, or over HTTP the body of a 200.
    case send(String)
    /// One message in several WebSocket frames.
    case fragments([String])
    /// Bytes beneath the WebSocket, or beneath HTTP.
    case raw([UInt8])
    case status(UInt, [String: String])
    case wait(Duration)
    case close
  }

  typealias Respond = @Sendable (_ request: JSONValue, _ peer: Peer) -> [Step]

  /// One client, for pushing notifications later.
  struct Peer: Sendable {
    let id: Int
    fileprivate let channel: any Channel
    fileprivate let isWebSocket: Bool

    /// Returns when the message is on its way, so that what is sent later comes behind it.
    func push(_ text: String) async {
      guard isWebSocket else { return }
      let frame = WebSocketFrame(fin: true, opcode: .text, data: ByteBuffer(string: text))
      try? await channel.writeAndFlush(frame).get()
    }

    func ping() {
      channel.writeAndFlush(
        WebSocketFrame(fin: true, opcode: .ping, data: ByteBuffer(string: "hi")), promise: nil)
    }
  }

  private struct State {
    var peers: [Int: Peer] = [:]
    var nextPeer = 0
    var connections = 0
    var received: [JSONValue] = []
    var pongs = 0
    var pings = 0
    var answersPings = true
  }

  private let state = Mutex(State())
  private let respond: Respond
  private let handshake: [Step]?
  private let server: any Channel

  private init(
    server: any Channel, respond: @escaping Respond, handshake: [Step]?
  ) {
    self.server = server
    self.respond = respond
    self.handshake = handshake
  }

  /// - Parameter handshake: what to do instead of the upgrade to a WebSocket, if anything.
  static func start(
    handshake: [Step]? = nil, tls: NIOSSLContext? = nil, respond: @escaping Respond
  ) async throws -> RPCTestServer {
    let box = NIOLockedBox()
    let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          guard let this = box.value.withLock({ $0 }) else { throw ChannelError.eof }
          if let tls { try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls)) }
          try this.configure(channel)
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    let this = RPCTestServer(server: channel, respond: respond, handshake: handshake)
    box.value.withLock { $0 = this }
    return this
  }

  private final class NIOLockedBox: Sendable {
    let value = Mutex<RPCTestServer?>(nil)
  }

  private func configure(_ channel: any Channel) throws {
    state.withLock { $0.connections += 1 }
    try channel.pipeline.syncOperations.addHandler(RawPort(), name: RawPort.name)
    let http = HTTPSide(server: self)
    let bound = NIOLoopBound(http, eventLoop: channel.eventLoop)
    let upgrader = NIOWebSocketServerUpgrader(
      maxFrameSize: 32 << 20,
      shouldUpgrade: { [handshake] channel, _ in
        channel.eventLoop.makeSucceededFuture(handshake == nil ? HTTPHeaders() : nil)
      },
      upgradePipelineHandler: { channel, _ in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(WebSocketSide(server: self))
        }
      })
    try channel.pipeline.syncOperations.configureHTTPServerPipeline(
      withServerUpgrade: (
        upgraders: [upgrader],
        completionHandler: { $0.pipeline.syncOperations.removeHandler(bound.value, promise: nil) }
      ))
    try channel.pipeline.syncOperations.addHandler(http)
  }

  // MARK: For tests

  var port: Int { server.localAddress?.port ?? 0 }
  var webSocket: String { "ws://127.0.0.1:\(port)/" }
  var http: String { "http://127.0.0.1:\(port)/" }
  var received: [JSONValue] { state.withLock { $0.received } }
  var peers: [Peer] { state.withLock { Array($0.peers.values) } }
  var connections: Int { state.withLock { $0.connections } }
  var pongs: Int { state.withLock { $0.pongs } }
  var pings: Int { state.withLock { $0.pings } }

  func received(_ method: String) -> Int { received.count { $0["method"]?.stringValue == method } }

  func answerPings(_ answers: Bool) {
    state.withLock { $0.answersPings = answers }
  }

  /// Closes every connection, without a close frame.
  func dropConnections() {
    for peer in peers { peer.channel.close(promise: nil) }
  }

  /// Leaves what clients send in the buffers of the sockets.
  func stopReading() async {
    for peer in peers { try? await peer.channel.setOption(.autoRead, value: false).get() }
  }

  func stop() async {
    try? await server.close()
    dropConnections()
  }

  // MARK: Sides

  fileprivate func join(_ channel: any Channel, isWebSocket: Bool) -> Peer {
    state.withLock {
      $0.nextPeer += 1
      let peer = Peer(id: $0.nextPeer, channel: channel, isWebSocket: isWebSocket)
      $0.peers[peer.id] = peer
      return peer
    }
  }

  fileprivate func leave(_ peer: Peer) {
    state.withLock { $0.peers[peer.id] = nil }
  }

  fileprivate func countPong() { state.withLock { $0.pongs += 1 } }

  fileprivate func countPing() -> Bool {
    state.withLock {
      $0.pings += 1
      return $0.answersPings
    }
  }

  fileprivate func steps(for text: ByteBuffer, _ peer: Peer) -> [Step] {
    guard let request = try? JSONValue(parsing: Array(text.readableBytesView)) else {
      return [.send(#"{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"Parse error"}}"#)]
    }
    state.withLock { $0.received.append(request) }
    return respond(request, peer)
  }

  fileprivate func refusal() -> [Step]? { handshake }

  fileprivate func perform(_ steps: [Step], _ channel: any Channel, isWebSocket: Bool) {
    guard let step = steps.first else { return }
    let rest = Array(steps.dropFirst())
    var delay = Duration.zero
    switch step {
    case .send(let text): write([text], channel, isWebSocket)
    case .fragments(let texts): write(texts, channel, isWebSocket)
    case .raw(let bytes): channel.pipeline.syncOperations.writeRaw(bytes)
    case .status(let code, let headers):
      var head = HTTPResponseHead(version: .http1_1, status: .init(statusCode: Int(code)))
      for (name, value) in headers { head.headers.add(name: name, value: value) }
      head.headers.add(name: "Content-Length", value: "0")
      channel.write(HTTPServerResponsePart.head(head), promise: nil)
      channel.writeAndFlush(HTTPServerResponsePart.end(nil), promise: nil)
    case .wait(let duration): delay = duration
    case .close: channel.close(promise: nil)
    }
    guard !rest.isEmpty else { return }
    if delay == .zero {
      perform(rest, channel, isWebSocket: isWebSocket)
    } else {
      channel.eventLoop.scheduleTask(in: TimeAmount(delay)) {
        self.perform(rest, channel, isWebSocket: isWebSocket)
      }
    }
  }

  private func write(_ texts: [String], _ channel: any Channel, _ isWebSocket: Bool) {
    guard isWebSocket else {
      var head = HTTPResponseHead(version: .http1_1, status: .ok)
      let body = ByteBuffer(string: texts.joined())
      head.headers.add(name: "Content-Type", value: "application/json")
      head.headers.add(name: "Content-Length", value: String(body.readableBytes))
      channel.write(HTTPServerResponsePart.head(head), promise: nil)
      channel.write(HTTPServerResponsePart.body(.byteBuffer(body)), promise: nil)
      channel.writeAndFlush(HTTPServerResponsePart.end(nil), promise: nil)
      return
    }
    for (index, text) in texts.enumerated() {
      let frame = WebSocketFrame(
        fin: index == texts.count - 1, opcode: index == 0 ? .text : .continuation,
        data: ByteBuffer(string: text))
      channel.write(frame, promise: nil)
    }
    channel.flush()
  }
}

extension ChannelPipeline.SynchronousOperations {
  /// Sends bytes from the head of the pipeline, past every encoder.
  fileprivate func writeRaw(_ bytes: [UInt8]) {
    guard let head = try? context(name: RawPort.name) else { return }
    head.writeAndFlush(NIOAny(ByteBuffer(bytes: bytes)), promise: nil)
  }
}

/// A place in the pipeline from which bytes leave unencoded.
private final class RawPort: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  static let name = "raw"
}

private final class HTTPSide: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPServerRequestPart

  private let server: RPCTestServer
  private var peer: RPCTestServer.Peer?
  private var head: HTTPRequestHead?
  private var body = ByteBuffer()

  init(server: RPCTestServer) { self.server = server }

  func handlerAdded(context: ChannelHandlerContext) {
    peer = server.join(context.channel, isWebSocket: false)
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    if let peer { server.leave(peer) }
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head):
      self.head = head
      body.clear()
    case .body(var part): body.writeBuffer(&part)
    case .end:
      guard let peer, let head else { return }
      let steps =
        head.method == .POST ? server.steps(for: body, peer) : server.refusal() ?? [.status(405, [:])]
      server.perform(steps, context.channel, isWebSocket: false)
    }
  }
}

private final class WebSocketSide: ChannelInboundHandler {
  typealias InboundIn = WebSocketFrame
  typealias OutboundOut = WebSocketFrame

  private let server: RPCTestServer
  private var peer: RPCTestServer.Peer?

  init(server: RPCTestServer) { self.server = server }

  func handlerAdded(context: ChannelHandlerContext) {
    peer = server.join(context.channel, isWebSocket: true)
  }

  func channelInactive(context: ChannelHandlerContext) {
    if let peer { server.leave(peer) }
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let frame = unwrapInboundIn(data)
    switch frame.opcode {
    case .text:
      guard let peer else { return }
      server.perform(server.steps(for: frame.unmaskedData, peer), context.channel, isWebSocket: true)
    case .ping:
      guard server.countPing() else { return }
      context.writeAndFlush(
        wrapOutboundOut(WebSocketFrame(fin: true, opcode: .pong, data: frame.unmaskedData)), promise: nil)
    case .pong: server.countPong()
    case .connectionClose: context.close(promise: nil)
    default: break
    }
  }
}
