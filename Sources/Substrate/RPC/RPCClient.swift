/// One call of a batch.
public struct RPCCall: Sendable, Hashable {
  public let method: String
  public let params: [JSONValue]

  public init(_ method: String, _ params: [JSONValue] = []) {
    self.method = method
    self.params = params
  }
}

/// Something that answers Substrate's JSON-RPC: a WebSocket, HTTP, a pool of endpoints, or a chain inside
/// this process. Every error thrown is an ``RPCError``.
public protocol RPCClient: Sendable {
  /// The result of one call.
  ///
  /// - Parameter timeout: nil for the client's own.
  /// - Throws: ``RPCError``; ``RPCError/Code/server`` when the node answered with an error.
  func call(_ method: String, _ params: [JSONValue], timeout: Duration?) async throws -> JSONValue

  /// The results of several calls sent as one JSON-RPC batch, in the order of the calls.
  ///
  /// - Throws: ``RPCError`` when the batch as a whole failed.
  func batch(_ calls: [RPCCall], timeout: Duration?) async throws -> [Result<JSONValue, RPCError>]

  /// Subscribes, and returns once the node has confirmed it.
  ///
  /// - Parameters:
  ///   - unsubscribe: the method that ends this subscription.
  ///   - itemDeadline: the longest silence between two items that is not a failure; nil for any.
  func subscribe(
    _ method: String, _ params: [JSONValue], unsubscribe: String, itemDeadline: Duration?
  ) async throws -> RPCSubscription
}

extension RPCClient {
  /// The result of one call, within the client's own timeout.
  public func call(_ method: String, _ params: [JSONValue] = []) async throws -> JSONValue {
    try await call(method, params, timeout: nil)
  }

  /// The results of several calls sent as one batch, within the client's own timeout.
  public func batch(_ calls: [RPCCall]) async throws -> [Result<JSONValue, RPCError>] {
    try await batch(calls, timeout: nil)
  }

  /// Subscribes without a deadline for items.
  public func subscribe(
    _ method: String, _ params: [JSONValue] = [], unsubscribe: String
  ) async throws -> RPCSubscription {
    try await subscribe(method, params, unsubscribe: unsubscribe, itemDeadline: nil)
  }
}
