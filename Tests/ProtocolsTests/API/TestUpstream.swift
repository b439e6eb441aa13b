import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization

/// A real HTTP server on loopback, to stand behind routes. What it answers is in the path:
///
/// - `/health`, `/echo`, `/status/CODE`, `/empty`, `/bytes/N`, `/gzip`, `/redirect`
/// - `/chunks/N/SIZE`: so many pieces, sent chunked
/// - `/hang/MS`: answers late; `/silent`: never answers; `/drip`: a piece, then silence
/// - `/held`: a piece, and another one after ``release()``
/// - `/endless`: pieces for as long as somebody takes them
/// - `/abort`: announces 1000 bytes, sends ten, closes; `/cut`: the same in chunks
final class TestUpstream: Sendable {
  /// A request as the server saw it.
  struct Seen: Sendable {
    var method: String
    var uri: String
    var headers: HTTPHeaders
    var body: [UInt8]
  }

  private struct State {
    var seen: [Seen] = []
    var connections = 0
    /// Connections that ended before their answer was whole.
    var abandoned = 0
    var written = 0
    var held: [any Channel] = []
    var isReleased = false
  }

  private let channel: any Channel
  private let state: Mutex<State>

  private init(_ channel: any Channel) {
    self.channel = channel
    state = Mutex(State())
  }

  /// Starts a server.
  ///
  /// - Parameters:
  ///   - tls: the name of a certificate in `Tests/Vectors/tls`; nil for plain HTTP.
  ///   - socket: a UNIX socket to listen on in place of a port.
  static func start(tls: String? = nil, socket: String? = nil) async throws -> TestUpstream {
    let context = try tls.map { name in
      try NIOSSLContext(
        configuration: .makeServerConfiguration(
          certificateChain: try NIOSSLCertificate.fromPEMFile(certificate(name)).map { .certificate($0) },
          privateKey: .privateKey(try NIOSSLPrivateKey(file: certificate("\(name)-TEST-ONLY.key"), format: .pem))))
    }
    let holder = Holder()
    let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .serverChannelOption(.backlog, value: 64)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          if let context { try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context)) }
          try channel.pipeline.syncOperations.configureHTTPServerPipeline()
          try channel.pipeline.syncOperations.addHandler(Responder(holder))
        }
      }
    let channel =
      if let socket { try await bootstrap.bind(unixDomainSocketPath: socket).get() } else {
        try await bootstrap.bind(host: "127.0.0.1", port: 0).get()
      }
    let server = TestUpstream(channel)
    holder.server.withLock { $0 = server }
    return server
  }

  /// Runs `body` beside a server.
  static func with(
    tls: String? = nil, socket: String? = nil, _ body: (TestUpstream) async throws -> Void
  ) async throws {
    let server = try await start(tls: tls, socket: socket)
    do {
      try await body(server)
    } catch {
      await server.stop()
      throw error
    }
    await server.stop()
  }

  func stop() async {
    release()
    try? await channel.close().get()
  }

  var port: Int { channel.localAddress?.port ?? 0 }

  /// A URL of this server.
  func url(_ path: String, scheme: String = "http", host: String = "127.0.0.1") -> String {
    "\(scheme)://\(host):\(port)\(path)"
  }

  /// The requests so far.
  var seen: [Seen] { state.withLock(\.seen) }

  /// Connections so far.
  var connections: Int { state.withLock(\.connections) }

  /// Connections that ended before their answer was whole.
  var abandoned: Int { state.withLock(\.abandoned) }

  /// Bytes of bodies given to sockets so far.
  var written: Int { state.withLock(\.written) }

  /// Lets `/held` go on, also those to come.
  func release() {
    let held = state.withLock { state in
      state.isReleased = true
      defer { state.held = [] }
      return state.held
    }
    for channel in held { channel.pipeline.fireUserInboundEventTriggered(Release()) }
  }

  static func certificate(_ name: String) -> String {
    URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Vectors/tls/\(name).pem").path
  }

  private struct Release {}

  private final class Holder: Sendable {
    let server = Mutex<TestUpstream?>(nil)
  }

  private final class Responder: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let holder: Holder
    private var head: HTTPRequestHead?
    private var body: [UInt8] = []
    private var isAnswering = false
    private var isEndless = false

    init(_ holder: Holder) { self.holder = holder }

    private func update(_ change: (inout State) -> Void) {
      holder.server.withLock { $0 }?.state.withLock { change(&$0) }
    }

    func channelActive(context: ChannelHandlerContext) { update { $0.connections += 1 } }

    func channelInactive(context: ChannelHandlerContext) {
      if isAnswering { update { $0.abandoned += 1 } }
      isAnswering = false
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      switch unwrapInboundIn(data) {
      case .head(let head): (self.head, body) = (head, [])
      case .body(let piece): body += Array(piece.readableBytesView)
      case .end:
        guard let head else { return }
        update {
          $0.seen.append(
            Seen(method: head.method.rawValue, uri: head.uri, headers: head.headers, body: body))
        }
        isAnswering = true
        answer(head, context)
      }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) { if isEndless { flood(context) } }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
      guard event is Release else { return context.fireUserInboundEventTriggered(event) }
      piece(ByteBuffer(string: "second"), context)
      end(context)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    // MARK: Answers

    private func answer(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
      let path = head.uri.split(separator: "?").first.map(String.init) ?? ""
      let parts = path.split(separator: "/").map(String.init)
      func number(_ index: Int) -> Int { parts.indices.contains(index) ? Int(parts[index]) ?? 0 : 0 }
      switch parts.first {
      case "health": whole(#"{"ok":true}"#, ["content-type": "application/json"], context)
      case "echo": echo(head, context)
      case "status": whole("status \(number(1))", ["x-up": "1"], status: number(1), context)
      case "empty":
        begin(.noContent, [:], context)
        end(context)
      case "bytes":
        whole(bytes: (0..<number(1)).map { UInt8($0 % 251) }, ["content-type": "application/octet-stream"], context)
      case "chunks":
        begin(.ok, ["transfer-encoding": "chunked"], context)
        for index in 0..<number(1) { piece(ByteBuffer(repeating: UInt8(65 + index % 26), count: number(2)), context) }
        end(context)
      case "gzip":
        whole(bytes: TestUpstream.gzip, ["content-encoding": "gzip"], context)
      case "redirect": whole("moved", ["location": "/health"], status: 302, context)
      case "hang":
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        context.eventLoop.scheduleTask(in: .milliseconds(Int64(number(1)))) {
          let (responder, context) = bound.value
          responder.whole("late", [:], context)
        }
      case "silent": break
      case "drip", "held":
        begin(.ok, ["transfer-encoding": "chunked"], context)
        piece(ByteBuffer(string: "first"), context)
        guard parts.first == "held" else { return }
        let channel = context.channel
        var isReleased = false
        update { state in
          isReleased = state.isReleased
          if !isReleased { state.held.append(channel) }
        }
        if isReleased { userInboundEventTriggered(context: context, event: Release()) }
      case "endless":
        begin(.ok, ["transfer-encoding": "chunked"], context)
        isEndless = true
        flood(context)
      case "abort":
        begin(.ok, ["content-length": "1000"], context)
        piece(ByteBuffer(string: "0123456789"), context)
        isAnswering = false
        context.close(promise: nil)
      case "cut":
        begin(.ok, ["transfer-encoding": "chunked"], context)
        piece(ByteBuffer(string: "0123456789"), context)
        isAnswering = false
        context.close(promise: nil)
      default: whole("no such path", [:], status: 404, context)
      }
    }

    private func echo(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
      let seen: [String: Any] = [
        "method": head.method.rawValue, "path": head.uri, "body_len": body.count,
        "headers": Dictionary(head.headers.map { ($0.name.lowercased(), $0.value) }) { $1 },
        "body_b64": Data(body.prefix(512)).base64EncodedString(),
      ]
      let json = (try? JSONSerialization.data(withJSONObject: seen, options: [.sortedKeys])) ?? Data()
      whole(bytes: Array(json), ["content-type": "application/json"], context)
    }

    private func flood(_ context: ChannelHandlerContext) {
      while context.channel.isActive, context.channel.isWritable {
        piece(ByteBuffer(repeating: 7, count: 16_384), context)
      }
    }

    private func whole(_ text: String, _ headers: HTTPHeaders, status: Int = 200, _ context: ChannelHandlerContext) {
      whole(bytes: Array(text.utf8), headers, status: status, context)
    }

    private func whole(
      bytes: [UInt8], _ headers: HTTPHeaders, status: Int = 200, _ context: ChannelHandlerContext
    ) {
      var headers = headers
      headers.add(name: "content-length", value: "\(bytes.count)")
      begin(HTTPResponseStatus(statusCode: status), headers, context)
      piece(ByteBuffer(bytes: bytes), context)
      end(context)
    }

    private func begin(_ status: HTTPResponseStatus, _ headers: HTTPHeaders, _ context: ChannelHandlerContext) {
      var headers = headers
      headers.add(name: "set-cookie", value: "internal=1")
      headers.add(name: "server", value: "internal/1")
      context.write(
        wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: status, headers: headers))), promise: nil)
    }

    private func piece(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
      guard bytes.readableBytes > 0 else { return }
      update { $0.written += bytes.readableBytes }
      context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(bytes))), promise: nil)
    }

    private func end(_ context: ChannelHandlerContext) {
      isAnswering = false
      context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }
  }

  /// "hello gzip" ten times, compressed by Python's gzip module.
  private static let gzip: [UInt8] = [
    31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 203, 72, 205, 201, 201, 87, 72, 175, 202, 44, 200, 160, 25, 11, 0, 243, 50, 76,
    179, 100, 0, 0, 0,
  ]
}
