import Foundation
import LibP2P
import Protocols
import Testing

@Suite("The rpc commands", .serialized, .timeLimit(.minutes(2)))
struct RPCCommandTests {
  /// A peer of the mesh, as far as its records go.
  private struct Records: Servicer {
    static let className = "DHTProtocol"

    var handlers: [RPCHandler] {
      [
        DHTProtocol.rpcPing.handler { request, _ in
          guard !request.validate else { throw Protocols.RPCError("can't reach you", kind: "ValueError") }
          return PingResponse.with {
            $0.peer = request.peer
            $0.available = true
          }
        }
      ]
    }
  }

  /// Runs `body` beside a peer; it gets the address.
  private func withPeer(_ body: (_ address: String) async throws -> Void) async throws {
    let identity = try PrivateKey.generate(.ed25519)
    var configuration = HostConfiguration(identity: identity)
    configuration.listenAddresses = [try Multiaddr("/ip4/127.0.0.1/tcp/0")]
    let host = try P2PHost(configuration)
    let gate = Gate.insecure(SignatureAuthorizer(try MessageSigner(identity), memory: ReplayMemory()))
    try Records().addP2PHandlers(to: host, gate: gate)
    try await host.start()
    do {
      try await body(try #require(host.listenAddresses.first).withPeer(host.peerID).description)
    } catch {
      await host.shutdown()
      throw error
    }
    await host.shutdown()
  }

  @Test("P-38 call writes the response as JSON, signed and verified on the way")
  func call() async throws {
    try await withPeer { address in
      let result = try await Program.run([
        "rpc", "call", address, "DHTProtocol.rpc_ping", "--json", #"{"peer": {"nodeId": "AQID"}}"#,
        "--insecure-no-stake",
      ])
      #expect(result.status == 0, "\(result.errors)")
      struct Response: Decodable {
        struct Node: Decodable { var nodeId: Data }
        var peer: Node
        var available: Bool
      }
      let response = try JSONDecoder().decode(Response.self, from: Data(result.output.utf8))
      #expect(response.peer.nodeId == Data([1, 2, 3]) && response.available)
      #expect(!result.output.contains("auth"))
    }
  }

  @Test("What goes wrong has a code and a status: the peer, the procedure, the request, the answer")
  func failures() async throws {
    try await withPeer { address in
      let cases: [(arguments: [String], status: Int32, code: String)] = [
        ([address, "DHTProtocol.rpc_ping", "--json", #"{"validate": true}"#], 1, "rpc.remote"),
        ([address, "DHTProtocol.rpc_ping", "--json", #"{"nothing": 1}"#], 64, "rpc.request"),
        ([address, "DHTProtocol.rpc_pong"], 64, "usage.procedure"),
        ([address, "ReachabilityProtocol.rpc_check"], 76, "negotiation.unsupported"),
        (["/ip4/127.0.0.1/tcp/4001", "DHTProtocol.rpc_ping"], 64, "usage.peer"),
      ]
      for (arguments, status, code) in cases {
        let result = try await Program.run(["rpc", "call"] + arguments + ["--insecure-no-stake"])
        #expect(result.status == status, "\(arguments): \(result.errors)")
        #expect(result.errors.contains("[\(code)]"), "\(arguments): \(result.errors)")
      }
    }
  }

  @Test("P-35 without proof of stake no other machine is called, and without a key no staked peer")
  func insecure() async throws {
    let stranger = "/ip4/192.0.2.1/tcp/4001/p2p/12D3KooWN9BApNWoRZgpo362uqGtDARZaqBo8kfbdrBBGptH49fk"
    let call = ["rpc", "call", stranger, "DHTProtocol.rpc_ping"]
    let insecure = try await Program.run(call + ["--insecure-no-stake"])
    #expect(insecure.status == 77 && insecure.errors.contains("[usage.insecure]"), "\(insecure.errors)")
    for arguments in [[], ["--rpc", "ws://127.0.0.1:9"], ["--rpc", "ws://127.0.0.1:9", "--subnet", "1"]] {
      #expect(try await Program.run(call + arguments).status == 64)
    }
  }

  @Test("list names every procedure that can be called")
  func list() async throws {
    let result = try await Program.run(["rpc", "list"])
    #expect(result.status == 0)
    for procedure in PublishedProcedures.all { #expect(result.output.contains(procedure.name)) }
  }
}
