import Foundation
import Hoster
import LibP2P
import Logging
import Protocols
import ServiceLifecycle
import Substrate
import Validator

/// A node of the subnet, as both daemons are one: its identity, the chain, its peers behind the gate, the control
/// socket, the database, and what operators see.
///
///     try await DaemonNode.run(configuration, role: .hoster) { node in
///       [...]  // the daemon's own services
///     }
struct DaemonNode: Sendable {
  /// What the daemon is configured with.
  let configuration: DaemonConfiguration
  let role: NodeRole
  /// The database, which nobody else writes meanwhile.
  let store: Store
  let chain: DaemonChain
  let peers: GatedPeers
  let control: ControlSocket
  /// Where parts say how they are.
  let health: HealthBoard
  let logger: Logger

  /// The control socket as a multiaddr.
  var controlAddress: String { control.address?.description ?? "" }

  /// Sets a node up, runs it with the daemon's own services, and ends it.
  ///
  /// On SIGTERM or SIGINT services end in the reverse of their order, the daemon's own first; a second signal ends the
  /// process at once, and so does ``DaemonShutdown/limit``.
  /// - Parameter own: makes the daemon's own services; parts that it adds to ``health`` are shown from the start.
  /// - Throws: ``CommandError`` with the reason why it can't start or go on.
  static func run(
    _ configuration: DaemonConfiguration, role: NodeRole, _ own: (DaemonNode) async throws -> [any Service]
  ) async throws {
    DaemonProcess.prepare(configuration.node)
    let logger = Logger(label: "validatord")
    try await DaemonFailure.translate {
      let identity = try PeerKeyFile.read(configuration.node.peerKey)
      let folder = try DataFolder.take(configuration.node)
      defer { folder.close() }
      let wait = ChainWait(configuration, role: role, ownPeer: identity.peerID, logger: logger)
      guard let chain = try await wait.chain() else { return logger.notice("stopped") }
      do {
        try await serve(configuration, role, identity, folder.store, chain, logger, own)
      } catch {
        await chain.close()
        throw error
      }
      await chain.close()
      logger.notice("stopped")
    }
  }

  private static func serve(
    _ configuration: DaemonConfiguration, _ role: NodeRole, _ identity: PrivateKey, _ store: Store,
    _ chain: DaemonChain, _ logger: Logger, _ own: (DaemonNode) async throws -> [any Service]
  ) async throws {
    let subnet = SubnetIdentity(genesisHash: chain.client.genesisHash, subnetID: configuration.chain.subnet)
    try await store.bind(to: subnet)
    let gater = StakeGater(
      stake: chain.stakes, allowing: Set(configuration.node.bootstrap.compactMap(\.peerID)))
    let services = try makePeer(configuration.node, identity, gater)
    gater.guard(services.host)
    let gate = Gate(
      stake: chain.stakes,
      authorizer: ProofOfStakeAuthorizer(try MessageSigner(identity), memory: ReplayMemory(), stake: chain.stakes))
    let peers = GatedPeers(services, gate: gate)
    let health = HealthBoard()
    let node = DaemonNode(
      configuration: configuration, role: role, store: store, chain: chain, peers: peers,
      control: peers.controlSocket(controlConfiguration(configuration.node)), health: health, logger: logger)
    node.addHealth()
    try await services.host.start()
    do {
      try await node.control.start()
      let api = try configuration.api.routes.map { try ApiService($0, configuration.api, of: node) }
      try await node.run(with: try await own(node) + [api].compactMap(\.self), gater)
    } catch {
      await node.control.shutdown()
      await services.host.shutdown()
      throw error
    }
  }

  private func run(with own: [any Service], _ gater: StakeGater) async throws {
    let operations = OperationsServer(
      configuration.node.operations, health: health, metrics: .shared, role: role.rawValue, logger: logger)
    let all: [any Service] =
      [operations] + chain.services + [
        StoreUpkeep(store, logger: logger), gater, peers.services, ControlEnd(control: control),
      ] + own
      + [DaemonReadiness(node: self, operations: operations)]
    // At lower levels the group writes its services out, with all that they hold.
    var quiet = logger
    quiet.logLevel = max(logger.logLevel, .notice)
    var group = ServiceGroupConfiguration(
      services: all.map { .init(service: $0) }, gracefulShutdownSignals: [.sigterm, .sigint], logger: quiet)
    // Half of the limit is for ending in order, the rest for ending at once.
    group.maximumGracefulShutdownDuration = DaemonShutdown.limit / 2
    try await ServiceGroup(configuration: group).run()
  }

  private func addHealth() {
    chain.addHealth(to: health)
    health.add("peers") { [host = peers.services.host, bootstrap = configuration.node.bootstrap] in
      guard !host.listenAddresses.isEmpty else { return .waiting("not listening") }
      let count = Set(host.peers).count
      return bootstrap.isEmpty || count > 0
        ? .well("connected with \(count)") : .impaired("connected with nobody, no bootstrap peer either")
    }
  }

  private static func makePeer(
    _ node: NodeSettings, _ identity: PrivateKey, _ gater: StakeGater
  ) throws -> PeerServices {
    var host = HostConfiguration(identity: identity)
    host.listenAddresses = node.listen
    host.gater = gater
    var services = PeerServices.Configuration()
    services.agentVersion = "validatord/\(Validatord.version)"
    services.bootstrap = node.bootstrap
    return PeerServices(try P2PHost(host), services)
  }

  private static func controlConfiguration(_ node: NodeSettings) -> ControlConfiguration {
    var control = ControlConfiguration(path: node.control)
    control.access.group = node.controlGroup
    control.access.users = node.controlUsers
    // What workers register is for the node; peers reach it through the node's own procedures, behind its gate.
    control.ownPrefix = WorkerInvitation.namespacePrefix
    return control
  }

  /// Ends the control socket, which began before the node said that it is ready.
  private struct ControlEnd: Service {
    let control: ControlSocket

    func run() async throws {
      try? await gracefulShutdown()
      await control.shutdown()
    }
  }
}
