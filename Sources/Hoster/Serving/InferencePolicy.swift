public import LibP2P
public import Protocols

/// Whether a peer's request is computed: the hook that a subnet's developer replaces (P-71). Requests of the node
/// itself never come here.
public protocol InferencePolicy: Sendable {
  /// Judges one request, before anything is computed.
  ///
  /// - Parameters:
  ///   - tensor: the prompt, as it came.
  ///   - caller: the authenticated peer that asks.
  func shouldProcessInference(_ tensor: Tensor, from caller: PeerID) async -> InferenceDecision
}

/// What a policy says of a request.
public enum InferenceDecision: Sendable, Hashable {
  /// It is computed in its turn.
  case serve
  /// It is computed before ordinary requests, as what a validator asks for consensus.
  case serveFirst
  /// It is not computed. The reason is for this node's log; the caller learns no more than that it is refused.
  case refuse(String)
}

/// Computes every request.
public struct ServeEverything: InferencePolicy {
  public init() {}

  public func shouldProcessInference(_ tensor: Tensor, from caller: PeerID) -> InferenceDecision { .serve }
}
