import AsyncHTTPClient
import NIOCore
import NIOPosix
import Synchronization

/// JSON-RPC over `http` or `https`: calls and batches. Subscriptions need a WebSocket.
///
/// Connections are kept alive and reused; redirects are not followed and bodies not decompressed.
public final class HTTPRPCConnection: RPCClient {
  public let endpoint: RPCEndpoint

  private let limits: RPCLimits
  private let client: HTTPClient
  private let ids = RequestIDs()
  private let open = Atomic(0)
  private let isClosed = Atomic(false)

  /// Prepares a client; the first call connects.
  ///
  /// - Throws: ``RPCError/Code/unsupported`` when the endpoint is not HTTP.
  public init(
    to endpoint: RPCEndpoint, options: RPCConnectionOptions = RPCConnectionOptions()
  ) throws(RPCError) {
    guard endpoint.transport == .http else {
      throw RPCError(.unsupported, "the endpoint is not HTTP", endpoint: endpoint.name)
    }
    endpoint.warnIfExposed(options.logger)
    self.endpoint = endpoint
    limits = options.limits
    var configuration = HTTPClient.Configuration(
      tlsConfiguration: options.trustRoots.tlsConfiguration, redirectConfiguration: .disallow,
      timeout: .init(connect: TimeAmount(options.limits.connectTimeout)), decompression: .disabled)
    configuration.httpVersion = .http1Only
    // The pool of endpoints decides about retries, and wants to know at once.
    configuration.connectionPool.retryConnectionEstablishment = false
    client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
  }

  deinit {
    if isClosed.load(ordering: .acquiring) { return }
    client.shutdown { _ in }
  }

  /// Closes the connections; calls in flight fail.
  public func close() async {
    guard !isClosed.exchange(true, ordering: .acquiringAndReleasing) else { return }
    try? await client.shutdown()
  }

  public func call(_ method: String, _ params: [JSONValue], timeout: Duration?) async throws -> JSONValue {
    let request = try JSONRPCRequest(id: ids.next(), method, params, limits: limits)
    for action in try await exchange(request, timeout) {
      if case .answer(_, let result) = action { return try result.mapError { $0.at(endpoint) }.get() }
    }
    throw unanswered
  }

  public func batch(_ calls: [RPCCall], timeout: Duration?) async throws -> [Result<JSONValue, RPCError>] {
    guard !calls.isEmpty else { return [] }
    let request = try JSONRPCRequest(id: ids.next(calls.count), batch: calls, limits: limits)
    for action in try await exchange(request, timeout) {
      if case .answerBatch(_, let result) = action { return try result.mapError { $0.at(endpoint) }.get() }
    }
    throw unanswered
  }

  public func subscribe(
    _ method: String, _ params: [JSONValue], unsubscribe: String, itemDeadline: Duration?
  ) async throws -> RPCSubscription {
    throw RPCError(.unsupported, "HTTP has no subscriptions", endpoint: endpoint.name)
  }

  private var unanswered: RPCError {
    RPCError(.malformed, "the answer is not for the question", endpoint: endpoint.name)
  }

  /// One request and its response, as a conversation of its own.
  private func exchange(
    _ request: JSONRPCRequest, _ timeout: Duration?
  ) async throws(RPCError) -> [JSONRPCStateMachine.Action] {
    defer { open.wrappingSubtract(1, ordering: .relaxed) }
    guard open.wrappingAdd(1, ordering: .relaxed).newValue <= limits.pendingRequests else {
      throw RPCError(.overloaded, "\(limits.pendingRequests) requests wait for an answer")
    }
    let timeout = timeout ?? limits.callTimeout
    var machine = JSONRPCStateMachine(limits: limits)
    try machine.open(request, deadline: .now + timeout)
    do {
      let body = try await post(request, timeout)
      let actions = body.withUnsafeReadableBytes { machine.receive(Span(_unsafeBytes: $0), now: .now) }
      return actions
    } catch {
      throw RPCError.transport(error).at(endpoint)
    }
  }

  private func post(_ request: JSONRPCRequest, _ timeout: Duration) async throws -> ByteBuffer {
    var http = HTTPClientRequest(url: endpoint.name + endpoint.target)
    http.method = .POST
    http.headers.add(name: "Content-Type", value: "application/json")
    if let authorization = endpoint.authorization {
      http.headers.add(name: "Authorization", value: authorization)
    }
    http.body = .bytes(ByteBuffer(bytes: request.bytes))
    let (prepared, answerSize) = (http, request.answerSize)
    // The client's own deadline ends with the head of the response; a body may stop in its middle.
    return try await withThrowingTaskGroup(of: ByteBuffer.self) { group in
      group.addTask {
        let response = try await self.client.execute(prepared, deadline: .now() + TimeAmount(timeout))
        guard response.status == .ok else {
          throw RPCError.http(
            status: response.status.code, retryAfter: response.headers.first(name: "Retry-After"))
        }
        return try await response.body.collect(upTo: answerSize)
      }
      group.addTask {
        try await Task.sleep(for: timeout)
        throw RPCError(.timeout, "no answer within \(timeout)")
      }
      defer { group.cancelAll() }
      guard let body = try await group.next() else { throw RPCError(.timeout, "no answer within \(timeout)") }
      return body
    }
  }
}
