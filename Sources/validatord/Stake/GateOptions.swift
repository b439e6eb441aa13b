import ArgumentParser
import Foundation
import LibP2P
import Logging
import Protocols
import Substrate

/// What commands take that talk with the peers of a subnet: how those prove that they belong to it.
struct GateOptions: ParsableArguments {
  @Option(help: ArgumentHelp("A node's JSON-RPC endpoint; may be given several times.", valueName: "url"))
  var rpc: [String] = []
  @Option(help: "The subnet whose nodes are peers.") var subnet: UInt32?
  @Option(help: ArgumentHelp("Refuse every chain but the one with this genesis hash.", valueName: "hash"))
  var genesis: String?
  @Option(
    help: ArgumentHelp(
      "A peer to stay connected with and to look others up at; may be given several times. Needs no stake.",
      valueName: "multiaddr"),
    transform: { try Multiaddr($0) })
  var bootstrap: [Multiaddr] = []
  @Flag(help: "Let ws and http go to other machines unencrypted.") var allowPlaintext = false
  @Flag(help: "Ask for no stake. For tests: refuses every address that is not of this machine.")
  var insecureNoStake = false

  func validate() throws {
    if insecureNoStake {
      guard rpc.isEmpty, subnet == nil else {
        throw ValidationError("--insecure-no-stake excludes --rpc and --subnet")
      }
    } else if rpc.isEmpty || subnet == nil {
      throw ValidationError("give --rpc and --subnet, or --insecure-no-stake for a test on this machine")
    }
  }

  /// Refuses addresses that a peer without proof of stake must not have.
  ///
  /// - Throws: ``CommandError`` `usage.insecure`.
  func check(_ addresses: [Multiaddr]) throws {
    guard insecureNoStake, let other = addresses.first(where: { $0.scope != .loopback }) else { return }
    throw CommandError(
      "usage.insecure", "--insecure-no-stake does not reach or serve \(other)",
      remedy: "Give --rpc and --subnet, or an address of this machine such as /ip4/127.0.0.1/tcp/4001.",
      status: .notPermitted)
  }

  /// Runs `body` with a peer of the subnet and the gate for its stubs and handlers, then ends the peer.
  ///
  /// The peer connects only with staked peers and with ``bootstrap``, and lets go of those that lose their stake. With
  /// ``insecureNoStake`` it connects with this machine only.
  func withPeer<Value: Sendable>(
    identity: PrivateKey, listeningOn addresses: [Multiaddr] = [], calling called: PeerTarget? = nil,
    _ body: (PeerServices, Gate) async throws -> Value
  ) async throws -> Value {
    try check(addresses + bootstrap + [called?.address].compactMap(\.self))
    return try await P2PFailure.translate {
      let signer = try MessageSigner(identity)
      let memory = ReplayMemory()
      guard !insecureNoStake, let subnet else {
        let services = try peer(identity, addresses, gater: LoopbackGater())
        return try await run(services) {
          try await body(services, .insecure(SignatureAuthorizer(signer, memory: memory)))
        }
      }
      return try await chain.withClient { client in
        let stakes = ChainStakes(subnet: subnet, source: ChainStakeSource(client))
        let gater = StakeGater(stake: stakes, allowing: Set(bootstrap.compactMap(\.peerID)))
        let services = try peer(identity, addresses, gater: gater)
        gater.guard(services.host)
        let gate = Gate(
          stake: stakes, authorizer: ProofOfStakeAuthorizer(signer, memory: memory, stake: stakes))
        return try await run(
          services,
          beside: [{ try await gater.run() }, { try await client.followFinalized { await stakes.update($0) } }]
        ) { try await body(services, gate) }
      }
    }
  }

  private var chain: ChainOptions {
    get throws {
      var options = try ChainOptions.parse([])
      (options.rpc, options.genesis, options.allowPlaintext) = (rpc, genesis, allowPlaintext)
      return options
    }
  }

  private func peer(
    _ identity: PrivateKey, _ addresses: [Multiaddr], gater: any ConnectionGater
  ) throws -> PeerServices {
    var configuration = HostConfiguration(identity: identity)
    configuration.listenAddresses = addresses
    configuration.gater = gater
    configuration.logger.logLevel = .warning
    var services = PeerServices.Configuration()
    services.agentVersion = "validatord/\(Validatord.version)"
    services.bootstrap = bootstrap
    services.kademlia = addresses.isEmpty ? .client : .server
    return PeerServices(try P2PHost(configuration), services)
  }

  private func run<Value: Sendable>(
    _ services: PeerServices, beside others: [@Sendable () async throws -> Void] = [],
    _ body: () async throws -> Value
  ) async throws -> Value {
    try await services.host.start()
    return try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await services.run() }
      for other in others { group.addTask { try await other() } }
      defer { group.cancelAll() }
      return try await body()
    }
  }
}

/// Connects with peers on this machine only.
struct LoopbackGater: ConnectionGater {
  func allowsDial(to peer: PeerID?, at address: Multiaddr) -> Bool { address.scope == .loopback }
  func allowsAccept(from address: Multiaddr) -> Bool { address.scope == .loopback }
}
