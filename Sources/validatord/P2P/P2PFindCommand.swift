import ArgumentParser
import LibP2P
import Substrate

struct P2PFindCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "find", abstract: "Looks up the addresses of a peer in the routing table of others (Kademlia).")

  @Argument(help: ArgumentHelp("The peer's id.", valueName: "peer"), transform: { try PeerID($0) })
  var peer: PeerID
  @Option(
    help: ArgumentHelp("A peer to begin with; may be given several times.", valueName: "multiaddr"),
    transform: { try Multiaddr($0) })
  var bootstrap: [Multiaddr]
  @OptionGroup var options: P2POptions

  func run() async throws {
    let addresses = try await options.withPeer { services in
      try await Self.connect(services, to: bootstrap)
      return try await services.kademlia.find(peer)
    }
    switch options.format {
    case .json:
      Report.write([
        "peer": .string(peer.description),
        "addresses": .array(addresses.map { .string($0.description) }),
      ])
    case .table: for address in addresses { Report.write(text: address.description) }
    }
  }

  /// Connects with the bootstrap peers; one that serves Kademlia is enough.
  private static func connect(_ services: PeerServices, to addresses: [Multiaddr]) async throws {
    var failure: (any Error)?
    for address in addresses {
      do {
        let connection = try await services.host.connect(at: address)
        let identity = try await services.identify.identify(connection)
        guard identity.protocols.contains(KademliaService.protocolID) else {
          throw CommandError(
            "p2p.no-kademlia", "\(address) does not serve \(KademliaService.protocolID)",
            remedy: "Give a bootstrap peer that serves it; a mesh node does unless it runs as a client",
            status: .wrongPeer)
        }
      } catch {
        failure = error
      }
    }
    if services.kademlia.routingTableCount == 0, let failure { throw failure }
  }
}
