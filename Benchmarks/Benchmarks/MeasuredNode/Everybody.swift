public import LibP2P
public import Protocols

/// Stands where a cached answer of the chain would: what a stake costs is measured with the chain's client.
public struct Everybody: StakeVerifier {
  public init() {}

  public func standing(of peer: PeerID, atLeast minimum: NodeClass) async -> Standing { .staked }
  public func revocations() -> AsyncStream<PeerID> { AsyncStream { $0.finish() } }
}
