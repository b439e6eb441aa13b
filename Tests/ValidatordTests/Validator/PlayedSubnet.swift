import Foundation
import Hoster
import LibP2P
import Logging
import Protocols
import Substrate
import Testing

/// The recorded subnet on a development node that executes the chain's real runtime, ready for a validator of the program:
/// its five nodes have peers that can be reached, four of them are played by others, and nobody waits in the queue.
struct PlayedSubnet {
  /// The node that the program is.
  static let own = "alith"

  let chain: DevNode
  let client: ChainClient
  let subnetID: UInt32
  let ownID: UInt32
  let folder: URL
  private let peers: [P2PHost]
  private let bots: Process

  static func with(_ recorded: RecordedChain, _ body: (PlayedSubnet) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "v-\(UUID().uuidString.prefix(8))")
    try FileManager.default.createDirectory(
      at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    defer { try? FileManager.default.removeItem(at: folder) }
    try await DevNode.with(recorded) { chain in
      try await chain.newBlocks()
      let summary = try DevNode.summary(of: recorded)
      let connection = try await WebSocketConnection.connect(to: try RPCEndpoint(chain.webSocketURL))
      let client = try await ChainClient(connection)
      let subnetID = UInt32(try #require(summary["subnetId"].integer))
      var (peers, own): ([P2PHost], UInt32?) = ([], nil)
      for node in summary["nodes"].list {
        let id = UInt32(try #require(node["id"].integer))
        let coldkey = try AccountKey(secret: try #require(node["coldkeySecret"].hex))
        guard let label = node["label"].text, label != "faith" else {
          // It would come out of the queue on the way, and nobody has asked it anything.
          try await send(.removeSubnetNode(subnet: subnetID, node: id), coldkey, client)
          continue
        }
        let identity = try PrivateKey.generate(.ed25519)
        try await send(
          .updatePeerInfo(subnet: subnetID, node: id, PeerInfo(peerID: identity.peerID.description)), coldkey, client)
        if label == Self.own {
          own = id
          try PeerKeyFile.write(identity, to: folder.appending(path: "peer.key").path, dialect: .mesh)
          let hotkey = try AccountKey(secret: try #require(node["hotkeySecret"].hex))
          _ = try KeyFile.write(hotkey, to: folder.appending(path: "hotkey").path, passphrase: nil)
        } else {
          peers.append(try await validator(identity))
        }
      }
      try await chain.newBlocks()
      let bots = try play(chain, recorded)
      let subnet = PlayedSubnet(
        chain: chain, client: client, subnetID: subnetID, ownID: try #require(own), folder: folder, peers: peers,
        bots: bots)
      let result: Result<Void, any Error>
      do { result = .success(try await body(subnet)) } catch { result = .failure(error) }
      if bots.isRunning { kill(bots.processIdentifier, SIGKILL) }
      for peer in peers { await peer.shutdown() }
      await connection.close()
      try result.get()
    }
  }

  private static func send(_ call: HypertensorCall, _ key: AccountKey, _ client: ChainClient) async throws {
    let context = try await client.signingContext(for: key.accountID)
    let names = HypertensorCall.names([call.name.call])
    try await client.submit(try context.sign(call, with: Signer(key, allowing: names)))
  }

  /// A node that serves no model and says so, to whoever asks.
  private static func validator(_ identity: PrivateKey) async throws -> P2PHost {
    var configuration = HostConfiguration(identity: identity)
    configuration.listenAddresses = [try Multiaddr("/ip4/127.0.0.1/tcp/0")]
    configuration.logger.logLevel = .error
    configuration.timeouts.shutdown = .milliseconds(100)
    let host = try P2PHost(configuration)
    try await host.start()
    try InferenceService(nil).servicer(as: InferenceProtocol.self).addP2PHandlers(to: host, gate: .insecure())
    return host
  }

  private static func play(_ chain: DevNode, _ recorded: RecordedChain) throws -> Process {
    let name = recorded == .february ? "five-feb2026" : "five-dec2025"
    let bots = Process()
    bots.executableURL = InteropEnvironment.python
    bots.arguments = [
      InteropEnvironment.folder.appending(path: "chain/bots.py").path, "--url", chain.httpURL, "--summary",
      InteropEnvironment.folder.appending(path: "chain/states/\(name).summary.json").path, "--skip", own, "--seconds",
      "900",
    ]
    bots.standardInput = FileHandle.nullDevice
    bots.standardOutput = FileHandle.nullDevice
    bots.standardError = FileHandle.nullDevice
    try bots.run()
    return bots
  }

  /// The configuration file of the validator; nothing but its URL and its keys depends on the chain.
  func configuration() throws -> String {
    let bootstrap = try peers.flatMap { peer in try peer.listenAddresses.map { try $0.withPeer(peer.peerID) } }
    let file = folder.appending(path: "validator.yaml").path
    try Data(
      """
      chain:
        rpc: ["\(chain.webSocketURL)"]
        subnet: \(subnetID)
      node:
        peer-key: peer.key
        hotkey: hotkey
        data: data
      p2p:
        listen: [/ip4/127.0.0.1/tcp/0]
        bootstrap: [\(bootstrap.map { "\"\($0)\"" }.joined(separator: ", "))]
      operations:
        listen: 127.0.0.1:0
      """.utf8
    ).write(to: URL(filePath: file))
    return file
  }

  var database: String { folder.appending(path: "data/node.sqlite").path }

  func subnet() async throws -> SubnetState { try await client.best().subnet(subnetID) }

  /// Where in its epoch the best block is.
  func place() async throws -> (epoch: UInt32, into: UInt64, length: UInt64) {
    let best = try await client.best()
    let clock = try #require(try await best.subnet(subnetID).clock())
    return (
      try #require(clock.epoch(at: best.number)), try #require(clock.blocksInto(best.number)), clock.epochLength
    )
  }

  /// Makes blocks at a pace that leaves time to act in each where somebody may, and jumps where nobody does.
  func advance(to epoch: UInt32, _ into: UInt64) async throws {
    while true {
      let (now, place, length) = try await place()
      if (now, place) >= (epoch, into) { return }
      let percent = place * 100 / length
      // Duties come first in an epoch, calls in the middle.
      let isBusy = place < 9 || (48...62).contains(percent) || length - place < 3
      if isBusy {
        try await chain.newBlocks()
        try await Task.sleep(for: .milliseconds(400))
      } else {
        let quiet = percent < 48 ? length * 48 / 100 - place : length - 2 - place
        try await chain.newBlocks(Int(max(1, min(quiet, 20))))
        try await Task.sleep(for: .milliseconds(600))
      }
    }
  }
}
