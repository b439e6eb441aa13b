extension ChainClient {
  /// Whether the chain is one that people develop on: it makes its blocks at any pace, and time on it goes by blocks, not
  /// by the world's clocks.
  ///
  /// - Throws: ``RPCError``.
  public func isForDevelopment() async throws -> Bool {
    let type = try await rpc.call("system_chainType", [], timeout: Self.timeout).stringValue
    return type.map { ["Development", "Local"].contains($0) } ?? false
  }
}

extension BlockState {
  /// When the block was made, in Unix seconds by its author's clock; nil if the chain does not tell.
  ///
  /// - Throws: ``RPCError``, ``MetadataError``, ``ChainError``.
  public func time() async throws -> Double? {
    guard let now = try await value("Timestamp", "Now"), let milliseconds: UInt64 = try? now.integer(), milliseconds > 0
    else { return nil }
    return Double(milliseconds) / 1000
  }
}
