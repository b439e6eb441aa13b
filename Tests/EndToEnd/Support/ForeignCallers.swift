import Foundation
import LibP2P
import Testing

/// Callers of both Python stacks beside a local network that runs: as the network's guest, who proves stake, and as a
/// stranger, who has none.
struct ForeignCallers {
  private struct Network: Decodable {
    struct Guest: Decodable { let peerKey: String }
    struct Node: Decodable {
      let name: String
      let address: String
    }

    let directory: String
    let guest: Guest
    let nodes: [Node]
  }

  /// What a route of each node leads to.
  static func routes(_ server: ModelServer) -> String {
    """
    {"health": "\(server.base)/health", "pieces": {"url": "\(server.base)/pieces", "stream": true}}
    """
  }

  private let network: Network
  private let stranger: String

  /// - Parameter line: what the network says when it is ready.
  init(_ line: String) throws {
    network = try JSONDecoder().decode(Network.self, from: Data(line.utf8))
    stranger = "\(network.directory)/stranger.key"
    try PeerKeyFile.write(PrivateKey.generate(.ed25519), to: stranger, dialect: .mesh)
  }

  /// Where another node than the guest's own, and one of each kind, is reached.
  private func address(_ name: String) throws -> String {
    try #require(network.nodes.first { $0.name == name }?.address)
  }

  /// The mesh's: p2pd, driven from Python.
  func mesh() async throws {
    let (python, p2pd) = try (#require(ForeignNode.python), #require(ForeignNode.p2pd))
    func call(_ name: String, _ key: String, _ arguments: [String]) async throws -> Program.Result {
      let caller = [ForeignNode.script("mesh/p2pd_inference.py"), "--p2pd", p2pd, "--key", key, "--info"]
      return try await Program.run(caller + ["--to", try address(name)] + arguments, program: python)
    }
    let model = try await Program.run([
      "model", "run", "\(network.directory)/models/reference", "--prompt-tokens", "1,2,3", "--format", "json",
    ])
    let ran = try JSONSerialization.jsonObject(with: Data(model.output.utf8)) as? [String: Any]
    let expected = try #require(ran?["tokens"] as? [Int])

    let hoster = try await call("hoster-2", network.guest.peerKey, ["--prompt", "1,2,3", "--attempts", "60"])
    #expect(hoster.output.contains("\"role\": \"hoster\""), "\(hoster.output) \(hoster.errors)")
    #expect(hoster.output.contains("\"tokens\": \(expected)"), "\(expected) \(hoster.output)")
    let validator = try await call("validator-1", network.guest.peerKey, [])
    #expect(validator.output.contains("\"role\": \"validator\""), "\(validator.output) \(validator.errors)")
    for name in ["hoster-2", "validator-1"] {
      let refused = try await call(name, stranger, [])
      #expect(refused.status == 1 && refused.output.contains("\"ok\": false"), "\(refused.output) \(refused.errors)")
    }
  }

  /// The subnet template's: py-libp2p with its API protocol, in our words, and the template itself where
  /// `SUBNET_TEMPLATE` names a checkout.
  func template() async throws {
    try await ownWords()
    if ProcessInfo.processInfo.environment["SUBNET_TEMPLATE"]?.isEmpty == false { try await checkout() }
  }

  /// The template's own caller, one route of one node at a time.
  private func checkout() async throws {
    let python = try #require(ForeignNode.python)
    func call(_ name: String, _ key: String, _ route: [String]) async throws -> Program.Result {
      let caller = [ForeignNode.script("subnet/ref_api_client.py"), "--security", "noise", "--key", key]
      return try await Program.run(caller + ["--to", try address(name)] + route, program: python)
    }
    let routes = [
      (["--route", "health"], #""text":"{\"ok\":true}""#),
      (["--route", "pieces", "--stream"], #""text":"one,two,three""#),
    ]
    for name in ["hoster-2", "validator-2"] {
      for (route, text) in routes {
        let served = try await call(name, network.guest.peerKey, route)
        #expect(served.status == 0 && served.output.contains(text), "\(served.output) \(served.errors)")
      }
      let refused = try await call(name, stranger, ["--route", "health"])
      #expect(refused.status != 0 && !refused.output.contains(#""text""#), "\(refused.output) \(refused.errors)")
    }
  }

  private func ownWords() async throws {
    let python = try #require(ForeignNode.python)
    func call(_ names: [String], _ key: String) async throws -> Program.Result {
      let caller = [
        ForeignNode.script("subnet/api_peer.py"), "--key", key, "--route", "health", "--route", "stream:pieces",
      ]
      return try await Program.run(caller + names.flatMap { ["--to", try address($0)] }, program: python)
    }
    let names = ["hoster-2", "validator-2"]
    let served = try await call(names, network.guest.peerKey)
    #expect(served.status == 0, "\(served.output) \(served.errors)")
    for text in [#""text":"{\"ok\":true}""#, #""text":"one,two,three""#] {
      #expect(served.output.components(separatedBy: text).count == 1 + names.count, "\(served.output)")
    }
    for name in names {
      let refused = try await call([name], stranger)
      #expect(refused.status == 1 && !refused.output.contains("true"), "\(refused.output)")
      #expect(refused.output.contains("\"error\":"), "\(refused.output) \(refused.errors)")
    }
  }
}
