/// Inference under the name that the mesh's template gives it (mesh-wire.md §7).
public enum MockProtocol: PeerProtocol {
  public static let rpcInfo = RPC<Empty, NodeData>.unary("rpc_info")
  public static let rpcInferenceStream =
    RPC<InferenceRequestAuth, InferenceResponseAuth>.serverStream("rpc_inference_stream")
}

/// Inference under the name that inference subnets give it.
public enum InferenceProtocol: PeerProtocol {
  public static let rpcInfo = MockProtocol.rpcInfo
  public static let rpcInferenceStream = MockProtocol.rpcInferenceStream
}
