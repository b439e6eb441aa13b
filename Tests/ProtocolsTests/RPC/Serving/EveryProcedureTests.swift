import Foundation
import LibP2P
import SwiftProtobuf
import Testing

@testable import Protocols

/// Whatever procedure the libraries declare, of either stack, stands behind the gate.
@Suite("Every procedure", .timeLimit(.minutes(2)))
struct EveryProcedureTests {
  /// Lets everything pass: what refuses in these tests is proof of stake.
  private struct Consenting: Authorizer {
    func authorize(_ call: P2PContext) async throws(Refusal) -> any CallAuthorization {
      try await Gate.insecure().admit(call)
    }
  }

  /// Serves procedures of a declared protocol, and notes which ran.
  private struct Serving<Declared: PeerProtocol>: Servicer {
    static var className: String { Declared.className }
    let handlers: [RPCHandler]

    init(_: Declared.Type, _ events: Events, _ declarations: any RPCDeclaration...) {
      handlers = declarations.map { Self.handler($0, events) }
    }

    private static func handler<RPC: RPCDeclaration>(_ rpc: RPC, _ events: Events) -> RPCHandler {
      let name = "\(className).\(rpc.method)"
      switch rpc {
      case let rpc as ServerStreamRPC<RPC.Request, RPC.Response>:
        return rpc.handler { _, _, responses in
          events.post(name)
          try await responses.write(RPC.Response())
        }
      case let rpc as UnaryRPC<RPC.Request, RPC.Response>:
        return rpc.handler { _, _ in
          events.post(name)
          return RPC.Response()
        }
      default:
        Issue.record("\(name) is of a kind that no published protocol had so far")
        return RPCHandler(rpc) { _ in nil }
      }
    }
  }

  private func serve(_ node: any P2P, _ gate: Gate, _ events: Events) throws {
    let servicers: [any Servicer] = [
      Serving(DHTProtocol.self, events, DHTProtocol.rpcFind, DHTProtocol.rpcPing, DHTProtocol.rpcStore),
      Serving(InferenceProtocol.self, events, InferenceProtocol.rpcInfo, InferenceProtocol.rpcInferenceStream),
      Serving(MockProtocol.self, events, MockProtocol.rpcInfo, MockProtocol.rpcInferenceStream),
      Serving(ReachabilityProtocol.self, events, ReachabilityProtocol.rpcCheck),
    ]
    for servicer in servicers { try servicer.addP2PHandlers(to: node, gate: gate, configuration: .quiet) }
  }

  /// Calls with an empty request, and counts the responses.
  private func call(_ procedure: JSONProcedure, _ peers: TestTransport.Peers, _ gate: Gate) async throws -> Int {
    var count = 0
    try await procedure.call(
      "{}", of: peers.servicer.peerID, over: peers.client, gate: gate, timeout: .seconds(60)
    ) { _ in count += 1 }
    return count
  }

  @Test(
    "D-6 P-35 a key without stake calls none of them, and the same calls pass with stake",
    arguments: TestTransport.allCases)
  func calling(transport: TestTransport) async throws {
    try await transport.withPeers { peers in
      let events = Events()
      let stakes = TableStakes(staked: [peers.servicer.peerID])
      try serve(peers.servicer, Gate(stake: stakes, authorizer: Consenting()), events)
      #expect(peers.servicer.protocols == PublishedProcedures.all.map(\.name).sorted())
      for procedure in PublishedProcedures.all {
        do {
          #expect(try await call(procedure, peers, .insecure()) == 0, "\(procedure.name)")
        } catch let error as CallError {
          #expect(error.kind == .remote, "\(procedure.name)")
        }
        #expect(events.count(procedure.name) == 0)
      }
      stakes.set(peers.client.peerID, .staked)
      for procedure in PublishedProcedures.all {
        #expect(try await call(procedure, peers, .insecure()) == 1, "\(procedure.name)")
        #expect(events.count(procedure.name) == 1)
      }
    }
  }

  @Test("D-6 a key without stake answers none of them: it is not even asked", arguments: TestTransport.allCases)
  func answering(transport: TestTransport) async throws {
    try await transport.withPeers { peers in
      let events = Events()
      let stakes = TableStakes(staked: [peers.client.peerID])
      try serve(peers.servicer, .insecure(), events)
      for procedure in PublishedProcedures.all {
        let refusal = await #expect(throws: Refusal.self) {
          try await call(procedure, peers, Gate(stake: stakes, authorizer: Consenting()))
        }
        #expect(refusal?.kind == .notStaked, "\(procedure.name)")
        #expect(events.count(procedure.name) == 0)
      }
      stakes.set(peers.servicer.peerID, .staked)
      for procedure in PublishedProcedures.all {
        #expect(
          try await call(procedure, peers, Gate(stake: stakes, authorizer: Consenting())) == 1, "\(procedure.name)")
      }
    }
  }

  @Test("P-11 D-6 no procedure is declared that the list does not have")
  func whole() throws {
    let sources = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().appending(path: "Sources")
    let files = try #require(FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil))
    let listed = Set(PublishedProcedures.all.map(\.name))
    var declared: Set<String> = []
    for case let file as URL in files where file.pathExtension == "swift" {
      // What stands in documentation is an example.
      let code = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
        .filter { !$0.drop(while: \.isWhitespace).hasPrefix("//") }.joined(separator: "\n")
      for match in code.matches(of: /\.(?:unary|serverStream|clientStream|bidirectional)\("(rpc_\w+)"\)/) {
        declared.insert(String(match.1))
      }
    }
    #expect(declared.count >= 6)
    for method in declared {
      #expect(listed.contains { $0.hasSuffix(".\(method)") }, "\(method) is missing in PublishedProcedures")
    }
  }
}
