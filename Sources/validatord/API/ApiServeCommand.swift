import ArgumentParser
import LibP2P
import Logging
import Protocols
import ServiceLifecycle
import Substrate

struct ApiServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve", abstract: "Answers peers from the HTTP servers of a routes file until it is stopped.",
    discussion: "Changes of the file count within a second; a broken one changes nothing. Check it with routes check.")

  @Option(help: ArgumentHelp("The routes file.", valueName: "file")) var routes: String
  @Option(
    help: ArgumentHelp("Where to listen; may be given several times. Port 0 takes any.", valueName: "multiaddr"),
    transform: { try Multiaddr($0) })
  var address: [Multiaddr]
  @Option(help: ArgumentHelp("The key file of the identity to use; a new one otherwise.", valueName: "file"))
  var key: String?
  @Flag(
    help: """
      Send py-libp2p peers unary answers above 262,000 bytes in one frame. They bear it, but it breaks Yamux; \
      without it they get an error.
      """)
  var exceedWindows = false
  @Option(help: "How the addresses are written: table or json.") var format: OutputFormat = .table
  @OptionGroup var gate: GateOptions

  func run() async throws {
    let identity = try await P2PFailure.translate {
      // What is broken at the start would only be noticed by callers.
      _ = try RouteTable(contentsOf: routes)
      return try key.map(PeerKeyFile.read) ?? PrivateKey.generate(.ed25519)
    }
    try await gate.withPeer(identity: identity, listeningOn: address) { services, gate in
      var config = ApiProtocolConfig(configFile: routes)
      config.limits.exceedsWindows = exceedWindows
      let api = ApiProtocol(host: services.host, config: config, gate: gate, peers: services.store)
      try report(services.host)
      try await ServiceGroup(
        services: [UntilStopped()], gracefulShutdownSignals: [.sigterm, .sigint],
        logger: Logger(label: "validatord")
      ).run()
      api.stop()
    }
  }

  private func report(_ host: P2PHost) throws {
    let addresses = try host.listenAddresses.map { try $0.withPeer(host.peerID) }
    switch format {
    case .json:
      let line: JSONValue = [
        "event": "listening", "peer": .string(host.peerID.description),
        "addresses": .array(addresses.map { .string($0.description) }),
      ]
      Report.write(text: line.description)
    case .table: for address in addresses { Report.write(text: address.description) }
    }
  }

  /// Waits for the signal to stop.
  private struct UntilStopped: Service {
    func run() async throws { try? await gracefulShutdown() }
  }
}
