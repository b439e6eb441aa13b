import DevChain
import Foundation
import LibP2P
import Logging
import Protocols
import Substrate
import Testing
import Validator

/// A simulated chain whose blocks come when the test says so, and a subnet on it.
final class ManualSubnet: Sendable {
  /// A peer of the subnet, or none.
  struct Peer: Sendable {
    let key: PrivateKey
    /// Its key file, as go-libp2p and the mesh read it.
    let file: String
    /// What signs for its node.
    let hotkey: AccountKey
    let hotkeyFile: String

    var id: PeerID { key.peerID }
  }

  /// Blocks in an epoch: windows of percents begin and end at whole blocks.
  static let epochLength: UInt32 = 20
  static let subnetID = SubnetPreset.firstID
  static let vocabulary: UInt32 = 512

  let folder: TemporaryFolder
  /// Nodes 1 to 3, of class Validator.
  let validators: [Peer]
  /// Node 4, of class Included.
  let hoster: Peer
  /// Node 5, of class Included: another hoster.
  let copier: Peer
  /// No node of the subnet.
  let stranger: Peer
  let chain: DevChainServer
  /// What the chain was started with.
  let configuration: DevChainConfiguration
  private let client: ChainClient

  /// Runs `body` beside the chain.
  static func with(_ body: (ManualSubnet) async throws -> Void) async throws {
    let folder = try TemporaryFolder()
    let peers = try (0..<6).map { index in
      let peer = Peer(
        key: try PrivateKey.generate(.ed25519), file: "\(folder.path)/peer-\(index).key",
        hotkey: try AccountKey.generate(), hotkeyFile: "\(folder.path)/hotkey-\(index)")
      try PeerKeyFile.write(peer.key, to: peer.file, dialect: .mesh)
      _ = try KeyFile.write(peer.hotkey, to: peer.hotkeyFile, passphrase: nil)
      return peer
    }
    var configuration = DevChainConfiguration()
    configuration.blockTime = .manual
    configuration.parameters = RuntimeParameters(epochLength: epochLength)
    configuration.genesis.add(try preset(peers))
    let chain = try await DevChainServer.start(configuration, logger: quiet)
    let connection = try await WebSocketConnection.connect(to: RPCEndpoint(chain.webSocketURL))
    do {
      try await body(
        ManualSubnet(
          folder: folder, peers: peers, chain: chain, configuration, client: try await ChainClient(connection)))
    } catch {
      await connection.close()
      await chain.stop()
      throw error
    }
    await connection.close()
    await chain.stop()
  }

  private init(
    folder: TemporaryFolder, peers: [Peer], chain: DevChainServer, _ configuration: DevChainConfiguration,
    client: ChainClient
  ) {
    self.folder = folder
    validators = Array(peers[0..<3])
    (hoster, copier, stranger) = (peers[3], peers[4], peers[5])
    self.chain = chain
    self.configuration = configuration
    self.client = client
  }

  static let quiet: Logger = {
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    return logger
  }()

  private static func preset(_ peers: [Peer]) throws -> SubnetPreset {
    let nodes = try peers.dropLast().enumerated().map { index, peer in
      SubnetPreset.Node(
        hotkey: peer.hotkey.accountID, coldkey: try AccountKey.generate().accountID,
        peer: PeerInfo(peerID: peer.id.description), stake: try #require(Planck(tensor: "200")),
        nodeClass: index < 3 ? .validator : .included)
    }
    let bootnode = try Multiaddr("/ip4/127.0.0.1/tcp/1").withPeer(PrivateKey.generate(.ed25519).peerID)
    return SubnetPreset(
      name: "end-to-end", owner: Genesis.developmentAccounts[0],
      bootnodes: [PeerInfo(peerID: try #require(bootnode.peerID).description, multiaddr: bootnode.bytes)],
      nodes: nodes, includedEpochs: .max)
  }

  // MARK: Time

  /// Makes blocks until the best one is the given one of an epoch, counted from 0: of this epoch if it is ahead, else of
  /// the next.
  ///
  /// - Returns: the epoch.
  @discardableResult
  func advance(to place: UInt64) async throws -> UInt32 {
    let clock = try #require(try await client.best().subnet(Self.subnetID).clock())
    repeat { try await chain.makeBlocks() } while try await clock.blocksInto(client.best().number) != place
    return try #require(clock.epoch(at: try await client.best().number))
  }

  /// What the chain has of an epoch.
  func submission(_ epoch: UInt32) async throws -> ConsensusSubmission? {
    try await client.best().subnet(Self.subnetID).submission(epoch: epoch)
  }

  /// The node that has to propose in an epoch; nil if there is none.
  func electedValidator(_ epoch: UInt32) async throws -> UInt32? {
    try await client.best().subnet(Self.subnetID).electedValidator(epoch: epoch)
  }

  /// The token ids that all hosters of the subnet are asked in an epoch that has begun, derived from what the chain says.
  func consensusPrompt(of epoch: UInt32) async throws -> [Int64] {
    let clock = try #require(try await client.best().subnet(Self.subnetID).clock())
    let first = try await client.blockHash(number: clock.firstBlock(of: epoch))
    return try #require(
      ConsensusTensor(
        genesisHash: client.genesisHash.bytes, subnetID: Self.subnetID, epoch: epoch, firstBlockHash: first.bytes,
        vocabulary: Self.vocabulary)
    ).tokens
  }

  // MARK: Calls

  /// What makes a command one of a peer of the subnet.
  func identity(_ peer: Peer) -> [String] {
    ["--key", peer.file, "--rpc", chain.webSocketURL, "--subnet", "\(Self.subnetID)"]
  }

  /// The arguments of a call for inference.
  func inference(_ address: String, _ prompt: [Int64], as peer: Peer, tokens: Int = 5) -> [String] {
    [
      "inference", "call", address, "--prompt-tokens", prompt.map(String.init).joined(separator: ","),
      "--max-new-tokens", "\(tokens)", "--timeout", "200",
    ] + identity(peer)
  }

  /// Asks for inference, and waits for the answer.
  func ask(_ address: String, _ prompt: [Int64], as peer: Peer) async throws -> (tokens: [Int64], Program.Result) {
    let result = try await Program.run(inference(address, prompt, as: peer))
    return (result.output.split(separator: "\n").compactMap { Int64($0) }, result)
  }
}
