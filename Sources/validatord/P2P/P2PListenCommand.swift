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
  @OptionGroup var options: P2POptions

  func run() async throws {
    try await P2PFailure.translate {
      let services = try options.makePeer(listeningOn: address, bootstrap: bootstrap, kademlia: .server)
      if echo { services.host.handle(EchoProtocol.id, on: .eventLoop, EchoProtocol.serve) }
      if blast { services.host.handle(BlastProtocol.id, on: .eventLoop, BlastProtocol.serve) }
      if sink { services.host.handle(SinkProtocol.id, on: .eventLoop, SinkProtocol.serve) }
      try await services.host.start()
      try report(services.host)
      try await ServiceGroup(
        services: [services], gracefulShutdownSignals: [.sigterm, .sigint],
        logger: Logger(label: "validatord")
      ).run()
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
