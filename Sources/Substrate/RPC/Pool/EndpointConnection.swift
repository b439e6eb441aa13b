/// A connection as a pool keeps it.
protocol EndpointConnection: RPCClient {
  /// Whether heads can be subscribed to, or must be asked for.
  var hasSubscriptions: Bool { get }
  /// Ends the connection.
  func close() async
  /// Ends the connection if it may be the cause of failures.
  func giveUp()
  /// Returns when the connection is over, or the task is cancelled and the connection closed.
  func waitUntilClosed() async -> RPCError
}

extension WebSocketConnection: EndpointConnection {
  var hasSubscriptions: Bool { true }

  func giveUp() { close("the connection was given up after repeated failures") }
}

extension HTTPRPCConnection: EndpointConnection {
  var hasSubscriptions: Bool { false }

  /// Every request may use another socket: there is none to blame.
  func giveUp() {}

  func waitUntilClosed() async -> RPCError {
    // An HTTP client has no end of its own; polling it finds out.
    while !Task.isCancelled { try? await Task.sleep(for: .seconds(3600)) }
    return RPCError(.cancelled, "the HTTP client was closed")
  }
}

extension RPCEndpoint {
  /// Opens the connection that the scheme asks for.
  func connect(_ options: RPCConnectionOptions) async throws -> any EndpointConnection {
    switch transport {
    case .webSocket: try await WebSocketConnection.connect(to: self, options: options)
    case .http: try HTTPRPCConnection(to: self, options: options)
    }
  }
}
