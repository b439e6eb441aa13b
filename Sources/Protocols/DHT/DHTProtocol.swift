/// The records that the mesh keeps among its peers (mesh-wire.md §5.3).
public enum DHTProtocol: PeerProtocol {
  public static let rpcPing = RPC<PingRequest, PingResponse>.unary("rpc_ping")
  public static let rpcStore = RPC<StoreRequest, StoreResponse>.unary("rpc_store")
  public static let rpcFind = RPC<FindRequest, FindResponse>.unary("rpc_find")
}

/// Says whether a peer can be reached by others (mesh-wire.md §7).
public enum ReachabilityProtocol: PeerProtocol {
  public static let rpcCheck = RPC<PingRequest, PingResponse>.unary("rpc_check")
}
