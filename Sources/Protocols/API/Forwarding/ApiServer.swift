import LibP2P
import Logging
import Metrics
import NIOCore
import Synchronization

/// Answers calls of peers from the HTTP servers behind the routes.
final class ApiServer: Sendable {
  let routes: ApiRoutes
  private let limits: ApiLimits
  private let validator: any ApiRequestValidator
  private let gate: Gate
  private let localID: PeerID
  private let peers: PeerStore?
  private let logger: Logger
  private let upstream = Upstream()
  private let slots: Mutex<ApiSlots>
  private let rates: Mutex<ApiRates>

  init(_ configuration: ApiProtocolConfig, gate: Gate, localID: PeerID, peers: PeerStore?, logger: Logger) {
    routes = ApiRoutes(configuration.routes, file: configuration.configFile, logger: logger)
    limits = configuration.limits
    validator = configuration.validator
    self.gate = gate
    self.localID = localID
    self.peers = peers
    self.logger = logger
    slots = Mutex(ApiSlots(limits: configuration.limits))
    rates = Mutex(ApiRates(limits: configuration.limits))
  }

  /// Serves one stream, which has one call.
  ///
  /// - Throws: what makes the stream worthless; whatever can be told to the caller is told.
  func serve(_ stream: P2PStream, _ version: ApiVersion) async throws {
    let start = ContinuousClock.now
    var outcome = "abandoned"
    defer { Self.record(version, outcome, ContinuousClock.now - start) }
    let answer = AnswerWriter(form(of: version, to: stream.peer), to: stream)
    do {
      try slots.withLock { slots throws(ApiError) in try slots.enter(stream.peer) }
      defer { slots.withLock { $0.leave(stream.peer) } }
      try await respond(to: stream, version, answer)
      outcome = "ok"
    } catch {
      let error = try Self.presentable(error)
      outcome = error.code
      if LogBudget.take() { logger.info("a call by \(stream.peer) failed: \(error)") }
      // A caller that takes nothing any more does not take this either.
      stream.setDeadline(.now() + TimeAmount(limits.requestTimeout))
      try await answer.write { $0.fail(error) }
    }
  }

  /// Calls under way.
  var callsUnderWay: Int { slots.withLock(\.count) }

  /// Whether nothing is under way and nothing is remembered of what was.
  var isIdle: Bool { slots.withLock(\.isEmpty) }

  private func respond(to stream: P2PStream, _ version: ApiVersion, _ answer: AnswerWriter) async throws {
    _ = try await gate.admit(
      P2PContext(
        handleName: version.protocolID, localID: localID, remoteID: stream.peer, remoteKey: stream.connection.peerKey,
        role: .servicer))
    // Behind the gate, so that whoever it refuses uses up nothing of what all peers share.
    try rates.withLock { rates throws(ApiError) in try rates.count(stream.peer, now: .now()) }
    let request = try await read(stream)
    guard let route = routes[request.route] else { throw ApiError.routeNotFound }
    guard request.responseType != .stream || route.configuration.stream else {
      throw ApiError.notStreaming(request.route)
    }
    try await gate.requireStake(of: stream.peer, atLeast: route.configuration.minimumClass)
    try rates.withLock { rates throws(ApiError) in try rates.count(route, stream.peer, now: .now()) }
    let forwarded = try await validator.validate(
      ApiCall(peer: stream.peer, route: route, request: request, limits: limits))
    if case .unknown = request.responseType { throw ApiError(.responseType, "Unknown response type requested.") }
    answer.change(
      to: form(
        of: version, to: stream.peer, isStream: request.responseType == .stream, maximum: forwarded.maximumResponse))
    try slots.withLock { slots throws(ApiError) in try slots.enter(route, stream.peer) }
    defer { slots.withLock { $0.leave(route, stream.peer) } }
    try await forward(forwarded, of: stream.peer, to: route, answer)
  }

  private func read(_ stream: P2PStream) async throws -> ApiRequest {
    stream.setDeadline(.now() + TimeAmount(limits.requestTimeout))
    defer { stream.setDeadline(nil) }
    var reader = ApiRequestReader(maximumLength: limits.maximumRequest)
    while let bytes = try await stream.read() {
      if let request = try reader.receive(bytes) { return request }
    }
    throw reader.truncation
  }

  /// Hands the server's answer on, piece by piece, within the times of the call, and for as long as the caller has the
  /// class that the route asks for.
  private func forward(
    _ request: ForwardedRequest, of peer: PeerID, to route: ServedRoute, _ answer: AnswerWriter
  ) async throws {
    let watch = CallWatch(silence: request.timeout, total: request.deadline)
    let minimum = route.configuration.minimumClass
    try await withThrowingTaskGroup(of: Void.self) { group in
      defer { group.cancelAll() }
      group.addTask { try await watch.expire() }
      // The first class is asked of the connection, which ends when it is lost.
      if minimum > .registered { group.addTask { [gate] in try await gate.watchStake(of: peer, atLeast: minimum) } }
      group.addTask { [upstream] in
        let response = try await upstream.send(request, to: route)
        watch.turn(to: .caller)
        try await answer.write { form throws(ApiError) in try form.begin(response) }
        watch.turn(to: .server)
        try await response.forEachPiece { piece in
          watch.turn(to: .caller)
          try await answer.write { form throws(ApiError) in try form.add(piece) }
          watch.turn(to: .server)
        }
        watch.turn(to: .caller)
        try await answer.write { form throws(ApiError) in try form.end() }
      }
      try await group.next()
    }
  }

  private func form(
    of version: ApiVersion, to peer: PeerID, isStream: Bool = false, maximum: Int = .max
  ) -> any AnswerForm {
    guard version == .plain else { return FramedAnswer(maximum: maximum) }
    let caller: PlainAnswer.Caller =
      switch peers?.identity(of: peer).map(\.isPython) {
      case true? where limits.exceedsWindows: .patientPython
      case true?, nil: .python
      case false?: .other
      }
    return PlainAnswer(to: caller, isStream: isStream, maximum: maximum)
  }

  /// What to tell the caller of an error.
  ///
  /// - Throws: the error, if the stream itself is broken and nobody can be told.
  private static func presentable(_ error: any Error) throws -> ApiError {
    switch error {
    case let error as ApiError: return error
    case let error as Refusal: return ApiError(.refused, "not allowed", detail: error.description)
    case is CancellationError, is any LibP2PError: throw error
    default: return ApiError(.refused, "not allowed", detail: "\(error)".quotedForLog(limit: 256))
    }
  }

  private static func record(_ version: ApiVersion, _ outcome: String, _ time: Duration) {
    let dimensions = [("version", version == .plain ? "1.0.0" : "1.1.0"), ("outcome", outcome)]
    Counter(label: "api_calls_total", dimensions: dimensions).increment()
    Metrics.Timer(label: "api_call_seconds", dimensions: dimensions).record(duration: time)
  }
}

extension IdentifyMessage {
  /// Whether the peer is a published node, or made with the same library.
  var isPython: Bool { agentVersion.hasPrefix("py-libp2p/") }
}
