public import LibP2P

/// A node of an ``InProcessNetwork``.
public final class InProcessNode: P2P {
  private let network: InProcessNetwork
  private let served: LoopbackNode

  init(peerID: PeerID, network: InProcessNetwork) {
    self.network = network
    served = LoopbackNode(of: peerID)
  }

  public var peerID: PeerID { served.peerID }
  public var protocols: [String] { served.protocols }

  public func openStream(to peer: PeerID, in protocolID: String) async throws -> any PeerStream {
    guard let node = network.node(peer) else { throw HostError(.unreachable, "\(peer) is not in the network") }
    return try node.served.openStream(from: peerID, in: protocolID)
  }

  public func serve(
    _ protocolID: String, _ handler: @escaping @Sendable (any PeerStream) async throws -> Void
  ) -> Bool { served.serve(protocolID, handler) }

  public func stopHandling(_ protocolID: String) { served.stopHandling(protocolID) }
}
