import Substrate

/// Connections that last for one command.
enum Connection {
  /// Connects to one endpoint directly, so that its failure is told at once, and to several as a pool.
  static func with<Value: Sendable>(
    _ endpoints: [RPCEndpoint], genesisHash: BlockHash?, _ body: (any RPCClient) async throws -> Value
  ) async throws -> Value {
    guard endpoints.count > 1 else {
      guard let endpoint = endpoints.first else {
        throw CommandError("usage.rpc", "no endpoint is given", remedy: "Give --rpc.")
      }
      if endpoint.supportsSubscriptions {
        let connection = try await WebSocketConnection.connect(to: endpoint)
        return try await closing({ await connection.close() }) { try await body(connection) }
      }
      let connection = try HTTPRPCConnection(to: endpoint)
      return try await closing({ await connection.close() }) { try await body(connection) }
    }
    let pool = EndpointPool(endpoints, options: EndpointPoolOptions(genesisHash: genesisHash?.description))
    return try await closing({ await pool.shutdown() }) { try await body(pool) }
  }

  private static func closing<Value: Sendable>(
    _ close: () async -> Void, _ body: () async throws -> Value
  ) async throws -> Value {
    do {
      let value = try await body()
      await close()
      return value
    } catch {
      await close()
      throw error
    }
  }
}
