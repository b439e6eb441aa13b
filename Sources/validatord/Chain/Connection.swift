import Substrate

/// Connections that last for one command.
enum Connection {
  static func with<Value: Sendable>(
    _ endpoints: [RPCEndpoint], genesisHash: BlockHash?, _ body: (any RPCClient) async throws -> Value
  ) async throws -> Value {
    let connection = try await WebSocketConnection.connect(to: endpoints[0])
    do {
      let value = try await body(connection)
      await connection.close()
      return value
    } catch {
      await connection.close()
      throw error
    }
  }
}
