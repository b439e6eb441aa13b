import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import NIOWebSocket

/// Makes a ``WebSocketConnection``: name, TCP, TLS and HTTP upgrade within one deadline.
struct WebSocketHandshake {
  /// Fragments in one message; a peer that needs more is wasting our time.
  static let maximumFragments = 1024

  private typealias Upgrade = EventLoopFuture<Reply>

  private enum Reply: Sendable {
    case accepted(NIOLoopBound<WebSocketHandler>, end: EventLoopFuture<RPCError>)
    /// Another status than "switching protocols", as soon as it is read.
    case refused(EventLoopFuture<RPCError>)
  }

  let endpoint: RPCEndpoint
  let options: RPCConnectionOptions
  private let ids = RequestIDs()
  private let attempt: ConnectAttempt

  init(endpoint: RPCEndpoint, options: RPCConnectionOptions) {
    self.endpoint = endpoint
    self.options = options
    attempt = ConnectAttempt(timeout: options.limits.connectTimeout)
  }

  func connect() async throws(RPCError) -> WebSocketConnection {
    guard endpoint.transport == .webSocket else {
      throw RPCError(.unsupported, "the endpoint is not a WebSocket", endpoint: endpoint.name)
    }
    endpoint.warnIfExposed(options.logger)
    do {
      return try await withTaskCancellationHandler {
        try await establish()
      } onCancel: {
        attempt.abort()
      }
    } catch {
      throw attempt.explain(error).at(endpoint)
    }
  }

  private func establish() async throws -> WebSocketConnection {
    let tls = try endpoint.isSecure ? NIOSSLContext(configuration: options.trustRoots.tlsConfiguration) : nil
    let upgrade: Upgrade = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .connectTimeout(TimeAmount(options.limits.connectTimeout))
      .channelOption(.tcpOption(.tcp_nodelay), value: 1)
      .connect(host: endpoint.host, port: endpoint.port) { channel in
        channel.eventLoop.makeCompletedFuture { try configure(channel, tls) }
      }
    switch try await upgrade.get() {
    case .refused(let reason): throw try await reason.get()
    case .accepted(let handler, let end):
      try attempt.finish()
      return WebSocketConnection(
        endpoint: endpoint, limits: options.limits, handler: handler, ids: ids, end: end)
    }
  }

  private func configure(_ channel: any Channel, _ tls: NIOSSLContext?) throws -> Upgrade {
    try attempt.begin(channel)
    if let tls {
      // Without a name the certificate is checked against the IP address.
      let name = endpoint.isAddress ? nil : endpoint.host
      try channel.pipeline.syncOperations.addHandler(NIOSSLClientHandler(context: tls, serverHostname: name))
    }
    var head = HTTPRequestHead(version: .http1_1, method: .GET, uri: endpoint.target)
    head.headers.add(name: "Host", value: endpoint.authority)
    if let authorization = endpoint.authorization {
      head.headers.add(name: "Authorization", value: authorization)
    }
    let limits = options.limits
    let upgrader = NIOTypedWebSocketClientUpgrader<Reply>(
      maxFrameSize: max(limits.messageSize, limits.metadataMessageSize),
      enableAutomaticErrorHandling: false
    ) { [ids] channel, _ in
      channel.eventLoop.makeCompletedFuture { try Self.startRPC(on: channel, limits, ids) }
    }
    return try channel.pipeline.syncOperations.configureUpgradableHTTPClientPipeline(
      configuration: .init(
        upgradeConfiguration: .init(
          upgradeRequestHead: head, upgraders: [upgrader],
          notUpgradingCompletionHandler: { channel in
            channel.eventLoop.makeCompletedFuture { .refused(try HandshakeRefusal.read(from: channel)) }
          })))
  }

  private static func startRPC(
    on channel: any Channel, _ limits: RPCLimits, _ ids: RequestIDs
  ) throws -> Reply {
    let end = channel.eventLoop.makePromise(of: RPCError.self)
    let handler = WebSocketHandler(limits: limits, nextID: { ids.next() }, onEnd: { end.succeed($0) })
    do {
      try channel.pipeline.syncOperations.addHandlers([
        NIOWebSocketFrameAggregator(
          minNonFinalFragmentSize: 0, maxAccumulatedFrameCount: maximumFragments,
          maxAccumulatedFrameSize: max(limits.messageSize, limits.metadataMessageSize)),
        handler,
      ])
    } catch {
      end.fail(error)
      throw error
    }
    return .accepted(NIOLoopBound(handler, eventLoop: channel.eventLoop), end: end.futureResult)
  }
}

/// Reads the status of an endpoint that answered the handshake with something else than an upgrade.
private final class HandshakeRefusal: ChannelInboundHandler {
  typealias InboundIn = HTTPClientResponsePart

  private let promise: EventLoopPromise<RPCError>

  private init(_ promise: EventLoopPromise<RPCError>) {
    self.promise = promise
  }

  static func read(from channel: any Channel) throws -> EventLoopFuture<RPCError> {
    let promise = channel.eventLoop.makePromise(of: RPCError.self)
    do {
      try channel.pipeline.syncOperations.addHandler(HandshakeRefusal(promise))
    } catch {
      promise.fail(error)
      throw error
    }
    return promise.futureResult
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard case .head(let head) = unwrapInboundIn(data) else { return }
    promise.succeed(
      .http(status: head.status.code, retryAfter: head.headers.first(name: "Retry-After")))
    context.close(promise: nil)
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    promise.fail(ChannelError.eof)
  }
}
