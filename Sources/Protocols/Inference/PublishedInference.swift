/// A protocol with the procedures of inference, under whatever name.
public protocol InferenceProcedures: PeerProtocol {}

extension InferenceProcedures {
  /// Says what the node is: ``NodeInformation``.
  public static var rpcInfo: UnaryRPC<Empty, NodeData> { RPC.unary("rpc_info") }
  /// Continues a prompt of token ids, one response for each token.
  public static var rpcInferenceStream: ServerStreamRPC<InferenceRequestAuth, InferenceResponseAuth> {
    RPC.serverStream("rpc_inference_stream")
  }
}

/// Inference under the name that the mesh's template gives it (mesh-wire.md §7).
public enum MockProtocol: InferenceProcedures {}

/// Inference under the name that inference subnets give it.
public enum InferenceProtocol: InferenceProcedures {
  /// The key under which the DHT holds the consensus tensor of an epoch (epoch.md §6).
  public static func getConsensusKey(_ epoch: UInt32) -> String { "consensus-epoch_\(epoch)" }
}
