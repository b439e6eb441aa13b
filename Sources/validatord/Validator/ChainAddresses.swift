import LibP2P
import ServiceLifecycle
import Substrate
import Validator

/// Tells the node's peers' addresses that stand on chain, and joins the others through the subnet's bootnodes.
///
/// What the chain does not tell is looked up in Kademlia when a peer is called.
struct ChainAddresses: Service {
  private let services: PeerServices
  private let feed: EpochFeed

  init(_ node: DaemonNode) {
    services = node.peers.services
    feed = node.chain.feed
  }

  func run() async throws {
    await cancelWhenGracefulShutdown {
      var last: EpochMoment?
      // Addresses are forgotten after a while, so they are told again in each epoch.
      for await moment in feed.moments() where moment.roster != last?.roster || moment.epoch != last?.epoch {
        last = moment
        await take(moment.roster)
      }
    }
  }

  private func take(_ roster: SubnetRoster) async {
    for node in roster.nodes {
      for peer in [node.peer, node.bootnodePeer, node.clientPeer].compactMap(\.self) {
        guard let id = try? PeerID(peer.peerID), let address = peer.multiaddr.flatMap(Self.address) else { continue }
        services.store.add([address], of: id, from: .peer)
      }
    }
    guard services.host.peers.isEmpty else { return }
    for bootnode in roster.bootnodes.prefix(Self.mostBootnodes) {
      guard let address = Self.address(bootnode.multiaddr) else { continue }
      _ = try? await services.host.connect(at: address)
    }
  }

  private static let mostBootnodes = 16

  /// Binary in generations B and C, text in A; whatever else somebody stored there is left alone.
  static func address(_ bytes: [UInt8]) -> Multiaddr? {
    if let binary = try? Multiaddr(bytes: bytes) { return binary }
    guard bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else { return nil }
    return try? Multiaddr(String(decoding: bytes, as: UTF8.self))
  }
}
