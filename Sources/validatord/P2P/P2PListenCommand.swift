import ArgumentParser
import LibP2P
import Logging
import ServiceLifecycle
import Substrate

struct P2PListenCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "listen", abstract: "Is a peer until it is stopped: answers ping, identify and Kademlia.",
    discussion: "Prints the addresses under which it is reached, with its peer id. --format json prints one line.")

  @Option(
    help: ArgumentHelp("Where to listen; may be given several times. Port 0 takes any.", valueName: "multiaddr"),
    transform: { try Multiaddr($0) })
  var address: [Multiaddr]
  @Option(
    help: ArgumentHelp("A peer to stay connected with; may be given several times.", valueName: "multiaddr"),
    transform: { try Multiaddr($0) })
  var bootstrap: [Multiaddr] = []
  @Flag(help: "Serve /echo/1.0.0: send every byte back.") var echo = false
  @Flag(help: "Serve /blast/1.0.0: send as many bytes as are asked for. Costs bandwidth; not for public peers.")
  var blast = false
  @Flag(help: "Serve /sink/1.0.0: take bytes and say what came. Costs bandwidth; not for public peers.")
  var sink = false
  @Option(
    help: ArgumentHelp(
      """
      Share the identity with other processes through a UNIX socket at this path, which speaks the control protocol of \
      p2pd. Calls of any peer reach their handlers, whatever its stake: for tests and development.
      """, valueName: "path"))
  var insecureControl: String?
  @Option(help: ArgumentHelp("Let this group open the control socket, by number.", valueName: "gid"))
  var controlGroup: UInt32?
  @Option(
    help: ArgumentHelp("Let this user in at the control socket; may be given several times.", valueName: "uid"))
  var controlUser: [UInt32] = []
  @OptionGroup var options: P2POptions

  func run() async throws {
    try await P2PFailure.translate {
      let services = try options.makePeer(listeningOn: address, bootstrap: bootstrap, kademlia: .server)
      if echo { services.host.handle(EchoProtocol.id, on: .eventLoop, EchoProtocol.serve) }
      if blast { services.host.handle(BlastProtocol.id, on: .eventLoop, BlastProtocol.serve) }
      if sink { services.host.handle(SinkProtocol.id, on: .eventLoop, SinkProtocol.serve) }
      let control = controlSocket(services)
      try await services.host.start()
      try await control?.start()
      try report(services.host)
      try await ServiceGroup(
        services: [services] + [control].compactMap { $0.map(UntilStopped.init) },
        gracefulShutdownSignals: [.sigterm, .sigint], logger: Logger(label: "validatord")
      ).run()
    }
  }

  private func controlSocket(_ services: PeerServices) -> ControlSocket? {
    insecureControl.map { path in
      var configuration = ControlConfiguration(path: path)
      configuration.access.group = controlGroup
      configuration.access.users = Set(controlUser)
      configuration.logger.logLevel = .warning
      return ControlSocket(
        host: services.host, routing: services.kademlia, gate: InsecureControlGate(), configuration: configuration)
    }
  }

  /// Ends the control socket, which began before the program said that it listens.
  private struct UntilStopped: Service {
    let control: ControlSocket

    func run() async throws {
      try? await gracefulShutdown()
      await control.shutdown()
    }
  }

  private func report(_ host: P2PHost) throws {
    let addresses = try host.listenAddresses.map { try $0.withPeer(host.peerID) }
    switch options.format {
    case .json:
      let line: JSONValue = [
        "event": "listening", "peer": .string(host.peerID.description),
        "addresses": .array(addresses.map { .string($0.description) }),
      ]
      Report.write(text: line.description)
    case .table: for address in addresses { Report.write(text: address.description) }
    }
  }
}
