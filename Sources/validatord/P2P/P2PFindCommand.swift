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
      try await services.join(via: bootstrap)
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
}
