import ArgumentParser
import LibP2P

/// What all `p2p` commands take.
struct P2POptions: ParsableArguments {
  @Option(help: ArgumentHelp("The key file of the identity to use; a new one otherwise.", valueName: "file"))
  var key: String?

  @Option(help: "How the answer is written: table or json.")
  var format: OutputFormat = .table

  /// Runs `body` with a peer that listens on `addresses`, and ends the peer.
  func withPeer<Value: Sendable>(
    listeningOn addresses: [Multiaddr] = [], bootstrap: [Multiaddr] = [],
    _ body: (PeerServices) async throws -> Value
  ) async throws -> Value {
    try await P2PFailure.translate {
      let services = try makePeer(listeningOn: addresses, bootstrap: bootstrap, kademlia: .client)
      return try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await services.run() }
        defer { group.cancelAll() }
        return try await body(services)
      }
    }
  }

  /// A peer with its services, not running yet.
  func makePeer(
    listeningOn addresses: [Multiaddr], bootstrap: [Multiaddr], kademlia: KademliaService.Mode
  ) throws -> PeerServices {
    var host = HostConfiguration(identity: try key.map(PeerKeyFile.read) ?? PrivateKey.generate(.ed25519))
    host.listenAddresses = addresses
    host.logger.logLevel = .warning
    var services = PeerServices.Configuration()
    services.agentVersion = "validatord/\(Validatord.version)"
    services.bootstrap = bootstrap
    services.kademlia = kademlia
    return PeerServices(try P2PHost(host), services)
  }
}
