import Foundation
import LibP2P
import Protocols
import Testing

@testable import validatord

/// The commands between peers, gated by the real runtime's proof of stake.
@Suite(
  "Stake-gated commands", .serialized, .timeLimit(.minutes(10)),
  .enabled(if: InteropEnvironment.hasSpec, "HYPERTENSOR_SPEC is not set"))
struct StakeGatedCommandTests {
  /// Runs `body` beside `api serve` as `peer`; it gets the address.
  private func serving(
    _ server: TestHTTPServer, as peer: StakedSubnet.Peer, in subnet: StakedSubnet,
    _ body: (_ address: String) async throws -> Void
  ) async throws {
    let routes = FileManager.default.temporaryDirectory.appending(path: "routes-\(UUID()).json")
    defer { try? FileManager.default.removeItem(at: routes) }
    let url = "http://127.0.0.1:\(server.port)"
    try Data(
      """
      {"all": "\(url)/all", "ticks": {"url": "\(url)/ticks", "stream": true},
       "validators": {"url": "\(url)/validators", "min_class": "validator"}}
      """.utf8
    ).write(to: routes)
    let serve = ["api", "serve", "--routes", routes.path, "--address", "/ip4/127.0.0.1/tcp/0", "--format", "json"]
    try await RunningProgram.with(serve + ["--key", peer.file] + subnet.gate) { program in
      try await body(try await program.address())
      program.terminate()
      #expect(try await program.end() == 0)
    }
  }

  @Test(
    "A-1 D-6 api: staked nodes call each other, a route asks for its class, keys without stake neither call nor answer")
  func api() async throws {
    let server = try TestHTTPServer()
    defer { server.stop() }
    try await StakedSubnet.with { subnet in
      let (alith, baltathar) = (try await subnet.peer(of: 0), try await subnet.peer(of: 1))
      let (faith, stranger) = (try await subnet.peer(of: StakedSubnet.registered), try subnet.stranger())
      func call(_ address: String, _ route: String, as peer: StakedSubnet.Peer) async throws -> Program.Result {
        try await Program.run(["api", "call", address, route, "--key", peer.file] + subnet.gate)
      }
      try await serving(server, as: alith, in: subnet) { address in
        #expect(address.hasSuffix("/p2p/\(alith.id)"))
        for (peer, route) in [(baltathar, "all"), (baltathar, "validators"), (faith, "all")] {
          let served = try await call(address, route, as: peer)
          #expect(served.status == 0 && served.output == "GET /\(route)", "\(served.errors)")
        }
        let belowClass = try await call(address, "validators", as: faith)
        #expect(belowClass.status == 77 && belowClass.errors.contains("[api.refused]"), "\(belowClass.errors)")
        #expect(belowClass.output.isEmpty)
        let unstaked = try await call(address, "all", as: stranger)
        #expect(unstaked.status != 0 && unstaked.output.isEmpty, "\(unstaked.errors)")
      }
      try await serving(server, as: stranger, in: subnet) { address in
        let answered = try await call(address, "all", as: baltathar)
        #expect(answered.status == 77 && answered.errors.contains("[auth.not-staked]"), "\(answered.errors)")
        #expect(answered.output.isEmpty)
      }
    }
  }

  @Test("S6 api: stake that is revoked closes a live stream with the block that says so, and the peer can't come back")
  func revocation() async throws {
    let server = try TestHTTPServer()
    defer { server.stop() }
    try await StakedSubnet.with { subnet in
      let (alith, baltathar) = (try await subnet.peer(of: 0), try await subnet.peer(of: 1))
      try await serving(server, as: alith, in: subnet) { address in
        let call = ["api", "call", address, "--key", baltathar.file] + (try subnet.gate)
        try await RunningProgram.with(call + ["ticks", "--stream"]) { stream in
          try await stream.writes("tick tick tick")
          let height = try await subnet.height
          try await subnet.remove(1)
          #expect(try await stream.end() == 69, "\(stream.errors)")
          #expect(try await subnet.height == height + 1)
        }
        let again = try await Program.run(call + ["all"])
        #expect(again.status != 0 && again.output.isEmpty, "\(again.errors)")
      }
    }
  }

  /// A peer of the mesh, as far as its records go.
  private struct Records: Servicer {
    static let className = "DHTProtocol"

    var handlers: [RPCHandler] {
      [DHTProtocol.rpcPing.handler { request, _ in .with { ($0.peer, $0.available) = (request.peer, true) } }]
    }
  }

  @Test("D-6 rpc: staked nodes call each other's procedures, keys without stake neither call nor answer")
  func rpc() async throws {
    try await StakedSubnet.with { subnet in
      let (alith, baltathar) = (try await subnet.peer(of: 0), try await subnet.peer(of: 1))
      let stranger = try subnet.stranger()
      for servicer in [alith, stranger] {
        let options = try GateOptions.parse(try subnet.gate)
        let loopback = try Multiaddr("/ip4/127.0.0.1/tcp/0")
        try await options.withPeer(identity: try PeerKeyFile.read(servicer.file), listeningOn: [loopback]) {
          services, gate in
          try Records().addP2PHandlers(to: services.host, gate: gate)
          let address = try #require(services.host.listenAddresses.first).withPeer(services.host.peerID).description
          func call(as peer: StakedSubnet.Peer) async throws -> Program.Result {
            try await Program.run(
              ["rpc", "call", address, "DHTProtocol.rpc_ping", "--key", peer.file] + subnet.gate)
          }
          let staked = try await call(as: baltathar)
          if servicer.id == alith.id {
            #expect(staked.status == 0 && staked.output.contains(#""available":true"#), "\(staked.errors)")
            let unstaked = try await call(as: stranger)
            #expect(unstaked.status != 0 && unstaked.output.isEmpty, "\(unstaked.errors)")
          } else {
            #expect(staked.status == 77 && staked.output.isEmpty, "\(staked.errors)")
          }
        }
      }
    }
  }
}
