/// The procedures of published protocols that this library has messages for.
public enum PublishedProcedures {
  /// All of them, by name.
  public static let all: [JSONProcedure] = [
    JSONProcedure(DHTProtocol.self, DHTProtocol.rpcFind),
    JSONProcedure(DHTProtocol.self, DHTProtocol.rpcPing),
    JSONProcedure(DHTProtocol.self, DHTProtocol.rpcStore),
    JSONProcedure(InferenceProtocol.self, InferenceProtocol.rpcInferenceStream),
    JSONProcedure(InferenceProtocol.self, InferenceProtocol.rpcInfo),
    JSONProcedure(MockProtocol.self, MockProtocol.rpcInferenceStream),
    JSONProcedure(MockProtocol.self, MockProtocol.rpcInfo),
    JSONProcedure(ReachabilityProtocol.self, ReachabilityProtocol.rpcCheck),
  ]

  /// The procedure with a name such as `DHTProtocol.rpc_ping`.
  public static func named(_ name: String) -> JSONProcedure? { all.first { $0.name == name } }
}
