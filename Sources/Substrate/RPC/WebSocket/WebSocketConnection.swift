import NIOCore
import Synchronization

/// A JSON-RPC connection over `ws` or `wss`.
///
/// Any number of tasks may call at once: requests are pipelined on one socket and answers are matched by
/// id by its only reader. The connection does not come back by itself; when it ends, every open call and
/// subscription fails and later ones throw ``RPCError/Code/connectionLost``. ``EndpointPool`` reconnects.
/// Keep the connection for as long as it or one of its subscriptions is used: letting go of it closes it.
public final class WebSocketConnection: RPCClient {
  public let endpoint: RPCEndpoint

  private let limits: RPCLimits
  private let handler: NIOLoopBound<WebSocketHandler>
  private let ids: RequestIDs
  private let end: EventLoopFuture<RPCError>

  init(
    endpoint: RPCEndpoint, limits: RPCLimits, handler: NIOLoopBound<WebSocketHandler>, ids: RequestIDs,
    end: EventLoopFuture<RPCError>
  ) {
    self.endpoint = endpoint
    self.limits = limits
    self.handler = handler
    self.ids = ids
    self.end = end
  }

  deinit {
    close("the connection was let go of")
  }

  /// Connects and completes the WebSocket handshake.
  ///
  /// - Throws: ``RPCError``: `unreachable`, `timeout`, `rateLimited` (HTTP 429), `unsupported`, `cancelled`.
  public static func connect(
    to endpoint: RPCEndpoint, options: RPCConnectionOptions = RPCConnectionOptions()
  ) async throws -> WebSocketConnection {
    try await WebSocketHandshake(endpoint: endpoint, options: options).connect()
  }

  /// Closes the connection; what is open fails with ``RPCError/Code/connectionLost``.
  public func close() async {
    close("the connection was closed on this side")
    _ = await waitUntilClosed()
  }

  /// Waits until the connection is over and says why.
  public func waitUntilClosed() async -> RPCError {
    do {
      return try await end.get().at(endpoint)
    } catch {
      return .transport(error).at(endpoint)
    }
  }

  func close(_ message: String) {
    handler.eventLoop.execute { [handler] in handler.value.close(RPCError(.connectionLost, message)) }
  }

  // MARK: RPCClient

  public func call(_ method: String, _ params: [JSONValue], timeout: Duration?) async throws -> JSONValue {
    try await named { () throws(RPCError) in
      let request = try JSONRPCRequest(id: ids.next(), method, params, limits: limits)
      return try await answer(to: request) { [timeout = timeout ?? limits.callTimeout] in
        $0.call(request, timeout: timeout, $1, $2)
      }
    }
  }

  public func batch(_ calls: [RPCCall], timeout: Duration?) async throws -> [Result<JSONValue, RPCError>] {
    guard !calls.isEmpty else { return [] }
    return try await named { () throws(RPCError) in
      let request = try JSONRPCRequest(id: ids.next(calls.count), batch: calls, limits: limits)
      return try await answer(to: request) { [timeout = timeout ?? limits.callTimeout] in
        $0.batch(request, timeout: timeout, $1, $2)
      }
    }
  }

  public func subscribe(
    _ method: String, _ params: [JSONValue], unsubscribe: String, itemDeadline: Duration?
  ) async throws -> RPCSubscription {
    try await named { () throws(RPCError) in
      let request = try JSONRPCRequest(id: ids.next(), method, params, limits: limits)
      let (subscription, source) = RPCSubscription.make(
        bufferLimit: limits.subscriptionBuffer, bufferBytes: limits.subscriptionBufferBytes
      ) { [handler] in handler.eventLoop.execute { handler.value.cancel(request.id) }
      }
      try await answer(to: request) { [timeout = limits.callTimeout] in
        $0.subscribe(
          request, unsubscribe: unsubscribe, itemDeadline: itemDeadline, timeout: timeout, source: source, $1,
          $2)
      }
      return subscription
    }
  }

  private func answer<T: Sendable>(
    to request: JSONRPCRequest,
    _ start:
      @escaping @Sendable (
        WebSocketHandler, RPCCancellation, CheckedContinuation<Result<T, RPCError>, Never>
      ) -> Void
  ) async throws(RPCError) -> T {
    let cancellation = RPCCancellation()
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        handler.eventLoop.execute { [handler] in start(handler.value, cancellation, continuation) }
      }
    } onCancel: {
      cancellation.request()
      handler.eventLoop.execute { [handler] in handler.value.cancel(request.id) }
    }
    return try result.get()
  }

  /// Names the endpoint in errors.
  private func named<T>(_ body: () async throws(RPCError) -> T) async throws(RPCError) -> T {
    do {
      return try await body()
    } catch {
      throw error.at(endpoint)
    }
  }
}

/// The ascending request ids of one connection.
final class RequestIDs: Sendable {
  private let unused = Atomic<JSONRPCRequest.ID>(1)

  /// The first of `count` ids that nobody else gets.
  func next(_ count: Int = 1) -> JSONRPCRequest.ID {
    unused.wrappingAdd(JSONRPCRequest.ID(count), ordering: .relaxed).oldValue
  }
}
