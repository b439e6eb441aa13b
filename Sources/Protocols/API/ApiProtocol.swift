public import LibP2P
internal import Logging
public import NIOCore

/// Calls between peers that HTTP servers answer: a peer names a route, and the node that it calls asks the server
/// behind the route (subnet-wire.md §4, docs/api-protocol.md).
///
/// ```swift
/// let api = ApiProtocol(host: host, config: ApiProtocolConfig(configFile: "routes.json"), gate: gate)
/// let health = try await api.callRemote(address, "health")
/// for try await piece in api.streamRemote(address, "inference", method: "POST", body: prompt) { … }
/// ```
public final class ApiProtocol: Sendable {
  private let host: P2PHost
  private let caller: ApiCaller
  let server: ApiServer

  /// Serves both versions of the protocol on `host`, for as long as the host lives or until ``stop()``.
  ///
  /// - Parameters:
  ///   - host: carries the calls of both directions.
  ///   - config: what is served.
  ///   - gate: judges peers, those that call and those that are called.
  ///   - peers: what is known of peers' software; without it every caller is taken for a published node.
  ///   - clock: by which the routes file is watched.
  public init(
    host: P2PHost, config: ApiProtocolConfig = ApiProtocolConfig(), gate: Gate, peers: PeerStore? = nil,
    clock: any Clock<Duration> = ContinuousClock()
  ) {
    var logger = host.configuration.logger
    logger[metadataKey: "protocol"] = "api"
    self.host = host
    caller = ApiCaller(host: host, gate: gate, peers: peers, limits: config.limits, logger: logger)
    server = ApiServer(config, gate: gate, localID: host.peerID, peers: peers, logger: logger)
    for version in ApiVersion.allCases {
      host.handle(version.protocolID) { [server] in try await server.serve($0, version) }
    }
    server.routes.watch(clock: clock)
  }

  /// Serves no more calls; those under way go on.
  public func stop() {
    for version in ApiVersion.allCases { host.stopHandling(version.protocolID) }
  }

  /// Serves no more calls, and waits for those under way.
  ///
  /// - Parameter patience: for how long; a cancelled task has none.
  public func stop(within patience: Duration) async {
    stop()
    let end = ContinuousClock.now + patience
    while server.callsUnderWay > 0, .now < end {
      guard (try? await Task.sleep(for: .milliseconds(10))) != nil else { return }
    }
  }

  /// What is served now.
  public var status: ApiStatus {
    let (count, fault) = server.routes.status
    return ApiStatus(routes: count, callsUnderWay: server.callsUnderWay, fault: fault)
  }

  /// Calls a route and returns the whole body of the answer, whatever its HTTP status.
  ///
  /// - Parameters:
  ///   - destination: where the peer is; ends in `/p2p/` and its id. With nothing before that, the host's routing is
  ///     asked.
  ///   - route: the name in the peer's routes.
  ///   - method: the HTTP method.
  ///   - headers: HTTP headers by name.
  ///   - body: the request's body; empty for none.
  ///   - options: how long to wait, and for how much.
  /// - Throws: ``ApiError``, ``Refusal``, ``StreamError`` if the peer aborts or is silent for too long, what
  ///   ``P2PHost/openStream(to:_:at:)`` throws. A published node tells of failures in the body only.
  public func callRemote(
    _ destination: Multiaddr, _ route: String, method: String = "GET", headers: [String: String] = [:],
    body: ByteBuffer = ByteBuffer(), options: ApiCallOptions = ApiCallOptions()
  ) async throws -> ByteBuffer {
    let request = ApiRequest(
      route: route, method: method, headers: headers, body: body, responseType: .unary, deadline: options.deadline)
    return try await call(destination, request, options: options).body.whole()
  }

  /// Calls a route that streams; the call begins when the first piece is asked for, and ends when the sequence is
  /// left.
  ///
  /// Parameters and errors are those of ``callRemote(_:_:method:headers:body:options:)``.
  public func streamRemote(
    _ destination: Multiaddr, _ route: String, method: String = "GET", headers: [String: String] = [:],
    body: ByteBuffer = ByteBuffer(), options: ApiCallOptions = ApiCallOptions()
  ) -> ApiStream {
    let request = ApiRequest(
      route: route, method: method, headers: headers, body: body, responseType: .stream, deadline: options.deadline)
    return ApiStream { [caller] in try await caller.call(destination, request, options).body }
  }

  /// Calls a route and returns once the head of the answer is there; its body is to be read.
  public func call(
    _ destination: Multiaddr, _ request: ApiRequest, options: ApiCallOptions = ApiCallOptions()
  ) async throws -> ApiResponse {
    try await caller.call(destination, request, options)
  }
}
