import DevChain
import Foundation
import LibP2P
import Substrate

/// A simulated chain with one subnet, in a process of its own, so that its memory is not the validator's.
final class ChainProcess {
  static let validators = 3
  static let subnetID: UInt32 = SubnetPreset.firstID
  private let process = Process()
  private let input = Pipe()
  let url: String

  /// Starts the chain with a node for each peer, the validators first.
  init(epochLength: UInt32, peers: [PeerID]) throws {
    let output = Pipe()
    process.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
    process.arguments = ["chain", "\(epochLength)"]
    process.standardInput = input
    process.standardOutput = output
    try process.run()
    let lines = peers.map { "\($0)\n" }.joined() + "\n"
    try input.fileHandleForWriting.write(contentsOf: Data(lines.utf8))
    var line = Data()
    while let byte = try output.fileHandleForReading.read(upToCount: 1), byte != Data("\n".utf8) { line += byte }
    url = String(decoding: line, as: UTF8.self)
  }

  func stop() {
    try? input.fileHandleForWriting.close()
    process.waitUntilExit()
  }

  /// The key of a node, by its id.
  static func hotkey(_ id: UInt32) throws -> AccountKey {
    try AccountKey(secret: [1, UInt8(id >> 8), UInt8(id & 255)] + [UInt8](repeating: 1, count: 29))
  }

  private static func coldkey(_ id: UInt32) throws -> AccountKey {
    try AccountKey(secret: [2, UInt8(id >> 8), UInt8(id & 255)] + [UInt8](repeating: 1, count: 29))
  }

  /// Serves until the input ends.
  static func serve(epochLength: UInt32) async throws {
    var nodes: [SubnetPreset.Node] = []
    while let peer = readLine(), !peer.isEmpty {
      let id = UInt32(nodes.count + 1)
      nodes.append(
        SubnetPreset.Node(
          hotkey: try hotkey(id).accountID, coldkey: try coldkey(id).accountID, peer: PeerInfo(peerID: peer),
          stake: SubnetPreset.stakes.maximum, nodeClass: id <= validators ? .validator : .included))
    }
    let bootnode = try Multiaddr("/ip4/127.0.0.1/tcp/1").withPeer(PrivateKey.generate(.ed25519).peerID)
    guard let bootnodeID = bootnode.peerID else { exit(70) }
    let preset = SubnetPreset(
      name: "benchmark", owner: Genesis.developmentAccounts[0],
      bootnodes: [PeerInfo(peerID: bootnodeID.description, multiaddr: bootnode.bytes)], nodes: nodes,
      includedEpochs: .max)
    var configuration = DevChainConfiguration()
    configuration.blockTime = .manual
    configuration.parameters = RuntimeParameters(epochLength: epochLength)
    configuration.genesis.add(preset)
    let server = try await DevChainServer.start(configuration, logger: ValidatorEpochs.logger)
    FileHandle.standardOutput.write(Data("\(server.webSocketURL)\n".utf8))
    while readLine() != nil {}
    await server.stop()
  }
}
