import Foundation
import LibP2P
import Testing

/// The recorded subnet on a development node that executes the chain's real runtime. Its nodes get peer keys that a test
/// holds, by the call that operators use for it. Blocks are built when a call is sent, and at no other time.
struct StakedSubnet {
  /// A peer key in its file.
  struct Peer {
    let file: String
    let id: String
  }

  /// Nodes of the class validator, and one that is registered only.
  static let validators = [0, 1, 2]
  static let registered = 5

  let chain: DevNode
  private let summary: Fixture
  private let folder: URL

  /// Runs `body` beside the chain.
  static func with(_ body: (StakedSubnet) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "staked-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try await DevNode.with { chain in
      try await chain.newBlocks()
      try await body(StakedSubnet(chain: chain, summary: try DevNode.summary(), folder: folder))
    }
  }

  /// What makes a command stake-gated.
  var gate: [String] {
    get throws { ["--rpc", chain.webSocketURL, "--subnet", try #require(summary["subnetId"].text)] }
  }

  /// The number of the best block.
  var height: Int {
    get async throws {
      let number = try #require(try await chain.rpc("chain_getHeader")["number"].text)
      return try #require(Int(number.dropFirst(2), radix: 16))
    }
  }

  /// A peer that no node of the subnet has.
  func stranger() throws -> Peer {
    let key = try PrivateKey.generate(.ed25519)
    let file = folder.appending(path: "\(UUID()).key").path
    try PeerKeyFile.write(key, to: file, dialect: .mesh)
    return Peer(file: file, id: key.peerID.description)
  }

  /// A new peer, entered on chain as that of a node.
  func peer(of node: Int) async throws -> Peer {
    let peer = try stranger()
    let bytes = peer.id.utf8.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    try await call(
      "Network.update_peer_info", by: node, #"new_peer_info={"peer_id":"0x\#(bytes)","multiaddr":null}"#)
    return peer
  }

  /// Takes a node out of the subnet, and with it its stake.
  func remove(_ node: Int) async throws { try await call("Network.remove_subnet_node", by: node) }

  /// Makes a call about a node with its coldkey; it is in the one block that is built meanwhile.
  private func call(_ name: String, by node: Int, _ arguments: String...) async throws {
    let node = summary["nodes"].list[node]
    let key = folder.appending(path: "\(UUID()).key").path
    let made = try await Program.run(
      ["keys", "import", "--out", key], input: try #require(node["coldkeySecret"].text) + "\n")
    try #require(made.status == 0, "\(made.errors)")
    let subject = ["subnet_id=\(summary["subnetId"].text ?? "")", "subnet_node_id=\(node["id"].text ?? "")"]
    async let sent = Program.run(
      ["chain", "call", name] + subject + arguments + ["--key", key, "--yes", "--rpc", chain.webSocketURL])
    let end = ContinuousClock.now + RunningProgram.patience
    while try await chain.rpc("author_pendingExtrinsics").list.isEmpty, ContinuousClock.now < end {
      try await Task.sleep(for: .milliseconds(20))
    }
    try await chain.newBlocks()
    let result = try await sent
    try #require(result.status == 0, "\(name): \(result.output) \(result.errors)")
  }
}
