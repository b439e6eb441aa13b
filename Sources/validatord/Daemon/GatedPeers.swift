import Hoster
import LibP2P
import Protocols

/// The peers of the node as its daemons see them: whoever is called and whoever calls stands behind the node's gate.
///
/// Stubs, handlers and the control socket of a daemon are made here and nowhere else, so there is none without proof of
/// stake (D-6, P-19).
struct GatedPeers: Sendable {
  /// Finds peers and connects with them.
  let services: PeerServices
  private let gate: Gate

  init(_ services: PeerServices, gate: Gate) {
    self.services = services
    self.gate = gate
  }

  /// This node.
  var ownID: PeerID { services.host.peerID }

  /// The procedures of a protocol on a peer.
  ///
  /// - Parameter semaphore: how many calls may run at a time; share it between stubs that share the limit.
  func stub<Declared: PeerProtocol>(
    _ declared: Declared.Type, of peer: PeerID, semaphore: RPCSemaphore = .unlimited,
    configuration: RPCConfiguration = RPCConfiguration()
  ) -> Stub<Declared> {
    Declared.getServerStub(services.host, peer, gate: gate, semaphore: semaphore, configuration: configuration)
  }

  /// Serves a protocol.
  ///
  /// - Throws: ``ServicerError``.
  func serve(_ servicer: some Servicer) throws { try servicer.addP2PHandlers(to: services.host, gate: gate) }

  /// Inference as this node offers it; run it as a service.
  func inference(
    _ backend: (any InferenceBackend)?, workers: WorkerPool? = nil, policy: any InferencePolicy = ServeEverything(),
    settings: InferenceSettings = InferenceSettings(), limits: InferenceLimits = InferenceLimits()
  ) -> InferenceHoster {
    InferenceHoster(
      services.host, gate: gate, backend: backend, workers: workers, policy: policy, settings: settings,
      limits: limits)
  }

  /// HTTP servers that peers may call through this node; serves from now on.
  func api(_ configuration: ApiProtocolConfig) -> ApiProtocol {
    ApiProtocol(host: services.host, config: configuration, gate: gate, peers: services.store)
  }

  /// The socket through which other processes share the node's identity.
  func controlSocket(_ configuration: ControlConfiguration) -> ControlSocket {
    ControlSocket(
      host: services.host, routing: services.kademlia, gate: StakeControlGate(gate: gate), configuration: configuration)
  }
}

/// Lets calls of control clients pass in both directions as the node's own calls do: by the peer's stake.
private struct StakeControlGate: ControlGate {
  let gate: Gate

  func admit(_ passage: ControlPassage) async throws { try await gate.requireStake(of: passage.peer) }
}
