import NIOCore
import Testing

@testable import LibP2P

@Suite("Kademlia among foreign peers", .serialized, .timeLimit(.minutes(5)))
struct KademliaInteropTests {
  private static func script(_ kind: ForeignPeer.Kind) -> String {
    kind == .goLibP2P ? "mesh/p2pd_kad.py" : "subnet/py_kad.py"
  }

  @Test(
    "Two of ours that know only a p2pd call each other by id",
    .enabled(if: InteropTier.has(.goLibP2P), "p2pd is not there"))
  func throughGo() async throws { try await callThrough(.goLibP2P) }

  @Test(
    "Two of ours that know only a py-libp2p call each other by id",
    .enabled(if: InteropTier.has(.pyLibP2P), "py-libp2p is not there"))
  func throughPython() async throws { try await callThrough(.pyLibP2P) }

  private func callThrough(_ kind: ForeignPeer.Kind) async throws {
    try await ForeignPeer.running(kind, Self.script(kind)) { peer in
      let line = try #require(await peer.line("listening"))
      try await meet(at: Multiaddr(try #require(line["multiaddr"]?.text)))
    }
  }

  private func meet(at address: Multiaddr) async throws {
    let bootstrap = try #require(address.peerID)
    try await TestServices.with(2, configure: { $2.bootstrap = [address] }) { services in
      for service in services {
        #expect(try await TestHosts.eventually { service.store.identity(of: bootstrap) != nil })
      }
      let wanted = services[1].host.peerID
      // The bootstrap peer learns addresses by identify, in its own time.
      var found: [Multiaddr] = []
      for _ in 0..<40 where found.isEmpty {
        found = (try? await services[0].kademlia.find(wanted)) ?? []
        if found.isEmpty { try await Task.sleep(for: .milliseconds(250)) }
      }
      #expect(found == services[1].host.listenAddresses)
      let stream = try await services[0].host.openStream(to: wanted, [EchoProtocol.id])
      #expect(try await EchoProtocol.call(stream, ByteBuffer(string: "hello")) == ByteBuffer(string: "hello"))
    }
  }

  @Test(
    "Two p2pd that know only one of ours call each other by id",
    .enabled(if: InteropTier.has(.goLibP2P), "p2pd is not there"))
  func goThroughOurs() async throws {
    try await TestServices.with(1) { services in
      let address = try #require(services[0].addressWithPeer)
      try await ForeignPeer.running(.goLibP2P, "mesh/p2pd_kad.py", ["--bootstrap", address.description]) { peers in
        let result = try #require(await peers.line("result"))
        #expect(result["ok"]?.flag == true, "\(result)")
        #expect(services[0].kademlia.routingTableCount == 2)
      }
    }
  }

  @Test(
    "A py-libp2p finds a peer through ours",
    .enabled(if: InteropTier.has(.pyLibP2P), "py-libp2p is not there"))
  func pythonThroughOurs() async throws {
    try await TestServices.with(
      2,
      configure: { _, before, configuration in configuration.bootstrap = before.compactMap(\.addressWithPeer) }
    ) { services in
      let wanted = services[1].host
      #expect(try await TestHosts.eventually { !services[0].store.addresses(of: wanted.peerID).isEmpty })
      let address = try #require(services[0].addressWithPeer)
      let arguments = ["--bootstrap", address.description, "--find", wanted.peerID.description]
      try await ForeignPeer.running(.pyLibP2P, "subnet/py_kad.py", arguments) { peer in
        let result = try #require(await peer.line("result"))
        #expect(result["ok"]?.flag == true, "\(result)")
        #expect(result["addresses"]?.texts?.contains { $0.hasPrefix(wanted.listenAddresses[0].description) } == true)
      }
    }
  }
}
