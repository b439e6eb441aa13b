import DevChain
import Foundation
import LibP2P
import Logging
import Protocols
import Substrate
import Testing

@testable import Hoster
@_spi(Testing) @testable import Validator

/// The recorded subnet of five nodes on a simulated chain, with engines for some of them and hosters for the others, all
/// in this process. Blocks are made by the test.
final class EngineSubnet: Sendable {
  /// A node of the recorded subnet, with its public development key.
  struct Node: Decodable {
    let id: UInt32
    let coldkeySecret: String
    let hotkeySecret: String
    let peerId: String
  }

  /// An engine with all that it stands on.
  struct Member: Sendable {
    let id: UInt32
    let feed: EpochFeed
    let store: Store
    let engine: ValidatorEngine
    let pool: EndpointPool
    let looks: Looks
    let running: Task<Void, any Error>

    func stop() async {
      running.cancel()
      _ = await running.result
      await pool.shutdown()
      try? store.close()
    }
  }

  /// How peers sign their calls.
  enum Signing: Sendable {
    case none
    /// By clocks that the test sets; the chain's time is the world's.
    case bySetClocks
    /// By this machine's clock, as other processes do.
    case byThisMachine
  }

  static let subnetID: UInt32 = 128_001
  let chain: DevChainServer
  let client: ChainClient
  let nodes: [Node]
  let folder: TemporaryFolder
  /// Nil where calls are not signed.
  let signing: SigningPeers?
  private let network = InProcessNetwork()
  private let pool: EndpointPool
  /// Whether clocks go by the chain's time.
  private let setsClocks: Bool

  init(
    seed: UInt64 = 1, finalityLag: UInt32 = 0, blockTime: DevChainConfiguration.BlockTime = .manual,
    signing kind: Signing = .none
  ) async throws {
    let states = Repository.root.appending(path: "Tests/Interop/chain/states")
    struct Summary: Decodable { let nodes: [Node] }
    nodes = try JSONDecoder().decode(
      Summary.self, from: Data(contentsOf: states.appending(path: "five-feb2026.summary.json"))
    ).nodes
    var configuration = DevChainConfiguration()
    configuration.snapshot = [UInt8](try Data(contentsOf: states.appending(path: "five-feb2026.state.json")))
    configuration.blockTime = blockTime
    configuration.seed = seed
    configuration.finalityLag = finalityLag
    configuration.keptBlocks = 1 << 16
    setsClocks = kind == .bySetClocks
    if setsClocks { configuration.type = "Live" }
    chain = try await DevChainServer.start(configuration, logger: Self.silent)
    folder = try TemporaryFolder()
    pool = EndpointPool([try RPCEndpoint(chain.webSocketURL)])
    client = try await ChainClient(pool, logger: Self.silent)
    signing = kind == .none ? nil : try SigningPeers(1...5)
    if let signing {
      signing.pass(to: Date().timeIntervalSince1970)
      try await register(signing)
    }
  }

  static let silent: Logger = {
    var logger = Logger(label: "test")
    logger.logLevel = ProcessInfo.processInfo.environment["ENGINE_LOG"] == nil ? .critical : .debug
    return logger
  }()

  /// - Parameter members: what is stopped before.
  func close(_ members: [Member] = []) async {
    for member in members { await member.stop() }
    await pool.shutdown()
    await chain.stop()
  }

  // MARK: Members

  private func node(_ id: UInt32) throws -> Node { try #require(nodes.first { $0.id == id }) }

  func hotkey(_ id: UInt32) throws -> AccountKey {
    try AccountKey(secret: try #require(Hex.decode(node(id).hotkeySecret)))
  }

  /// Serves inference as a node of the subnet; without a backend as one that says it is a validator.
  func serve(_ id: UInt32, _ backend: (any InferenceBackend)?) throws {
    try serve(InferenceService(backend.map { AsyncInferenceServer($0) }), on: network.join(as: try peer(id)), of: id)
  }

  func serve(_ service: InferenceService, on peer: any P2P, of id: UInt32) throws {
    var configuration = RPCConfiguration()
    configuration.logger = Self.silent
    try service.servicer(as: InferenceProtocol.self).addP2PHandlers(
      to: peer, gate: try gate(id), configuration: configuration)
  }

  /// Serves inference as a peer that is no node of the subnet, or one in its queue.
  func serve(as peer: PeerID, _ servicer: some Servicer) throws {
    var configuration = RPCConfiguration()
    configuration.logger = Self.silent
    try servicer.addP2PHandlers(to: network.join(as: peer), gate: .insecure(), configuration: configuration)
  }

  func peer(_ id: UInt32) throws -> PeerID { try signing?.peer(id) ?? PeerID(node(id).peerId) }

  func gate(_ id: UInt32) throws -> Gate { try signing?.gate(id) ?? .insecure() }

  /// Starts the engine of a node; a database that it left before is gone on with.
  ///
  /// - Parameters:
  ///   - database: the name of its file; that of the node unless given.
  ///   - endpoints: of the chain; the chain's own unless given.
  ///   - isPatient: whether it waits for what a node says that it is as long as the test wants.
  ///   - watch: is told of each step of its journal.
  func start(
    _ id: UInt32, database: String? = nil, endpoints: [String]? = nil, isPatient: Bool = false,
    _ change: (inout ValidatorEngine.Settings) -> Void = { _ in },
    watching watch: @escaping @Sendable (DutyProgress.Arrow, SubmissionJournal.Moment) -> Void = { _, _ in }
  ) async throws -> Member {
    let node = try node(id)
    let p2p: any P2P = network.join(as: try peer(id))
    // What the others ask it: whether it is a validator.
    try serve(InferenceService(nil), on: p2p, of: id)
    let store = try Store.open(folder.file("\(database ?? "\(id)").sqlite"))
    let pool = EndpointPool(try (endpoints ?? [chain.webSocketURL]).map { try RPCEndpoint($0) })
    let subnet = LiveSubnet(
      try await ChainClient(pool, metadataCache: client.metadataCache, logger: Self.silent), subnetID: Self.subnetID)
    let feed = EpochFeed(subnet, ownPeer: try peer(id).description, logger: Self.silent)
    var quiet = RPCConfiguration()
    quiet.logger = Self.silent
    let gate = try gate(id)
    let caller = StubProbeCaller { [quiet] peer in
      InferenceProtocol.getServerStub(p2p, try PeerID(peer), gate: gate, configuration: quiet)
    }
    let secret = try #require(Hex.decode(node.hotkeySecret))
    let signer = Signer(try AccountKey(secret: secret), allowing: HypertensorCall.consensusDuties)
    var settings = ValidatorEngine.Settings()
    settings.challenge.vocabulary = 1000
    (settings.challenge.retryPause, settings.challenge.blockPatience) = (.milliseconds(20), .zero)
    change(&settings)
    var parts = ValidatorEngine.Parts(
      feed: feed, subnet: subnet, store: store, caller: isPatient ? PatientCaller(caller: caller) : caller,
      signer: signer)
    if let signing { parts.time = { signing.time(of: id) } }
    let looks = Looks()
    let journal = SubmissionJournal(store) { arrow, moment in
      if arrow == .plan, moment == .before { looks.begin() }
      watch(arrow, moment)
    }
    let engine = ValidatorEngine(parts, settings, journal: journal, logger: Self.silent)
    let running = Task {
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await feed.run() }
        group.addTask { try await engine.run() }
        defer { group.cancelAll() }
        try await group.next()
      }
    }
    return Member(id: id, feed: feed, store: store, engine: engine, pool: pool, looks: looks, running: running)
  }

  // MARK: The chain

  /// Takes a node out of the subnet.
  func remove(_ id: UInt32) async throws {
    try await submit(.removeSubnetNode(subnet: Self.subnetID, node: id), asOwnerOf: id)
  }

  /// Registers the peers that sign in place of the recorded ones, whose keys nobody has.
  private func register(_ signing: SigningPeers) async throws {
    for id in 1...5 as ClosedRange<UInt32> {
      let peer = PeerInfo(peerID: try peer(id).description)
      try await submit(.updatePeerInfo(subnet: Self.subnetID, node: id, peer), asOwnerOf: id)
    }
    try await makeBlock(seenBy: [])
  }

  func submit(_ call: HypertensorCall, asOwnerOf id: UInt32) async throws {
    let coldkey = try AccountKey(secret: try #require(Hex.decode(node(id).coldkeySecret)))
    let context = try await client.signingContext(for: coldkey.accountID)
    try await client.submit(try context.sign(call, with: Signer(coldkey, allowing: [call.name])))
  }

  /// Sets what the chain has under a key; nil removes it.
  func set(_ key: [UInt8], _ value: [UInt8]?) async throws {
    let changes: JSONValue = .object([Hex.encode(key): value.map { .string(Hex.encode($0)) } ?? .null])
    _ = try await client.rpc.call("dev_setStorage", [changes], timeout: nil)
  }

  func position() async throws -> EpochPosition {
    let best = try await client.best()
    let clock = try #require(try await best.subnet(Self.subnetID).clock())
    return try #require(EpochClock(clock).position(of: best.number))
  }

  /// Makes a block and waits until everybody has seen it.
  func makeBlock(seenBy members: [Member]) async throws {
    for member in members { member.looks.age() }
    try await chain.makeBlocks()
    let best = try await client.rpc.call("chain_getHeader", [], timeout: nil)
    let header = try BlockHeader(json: best)
    let number = header.number
    if setsClocks, let time = try await client.at(header).time() { signing?.pass(to: time) }
    try await eventually("block \(number) is seen") {
      members.allSatisfy { ($0.feed.moment?.best.number ?? 0) >= number }
    }
  }

  /// Makes blocks up to a place in an epoch.
  func advance(to epoch: UInt32, _ into: UInt64, seenBy members: [Member]) async throws {
    while true {
      let position = try await position()
      if (position.epoch, position.into) >= (epoch, into) { return }
      try await makeBlock(seenBy: members)
    }
  }

  func submission(_ epoch: UInt32) async throws -> ConsensusSubmission? {
    try await client.best().subnet(Self.subnetID).submission(epoch: epoch)
  }
}

/// Waits until something holds; fails after a minute.
func eventually(_ what: String, _ condition: () async throws -> Bool) async throws {
  let end = ContinuousClock.now + .seconds(60)
  while try await !condition() {
    try #require(ContinuousClock.now < end, "\(what): not within a minute")
    try await Task.sleep(for: .milliseconds(5))
  }
}

/// Continues a prompt by its sum; a liar adds one.
struct SumBackend: InferenceBackend {
  var lie: Int32 = 0

  func describe() -> ModelDescription {
    ModelDescription(name: "sums", hash: nil, vocabularySize: 1000, contextLength: 1000, type: .f32)
  }

  func tokens(for request: Hoster.InferenceRequest) async throws -> TokenStream {
    var tokens = request.prompt
    for _ in 0..<request.maximumNewTokens {
      tokens.append(Int32(tokens.reduce(0) { $0 + Int($1) } % 999) + lie)
    }
    let answer = tokens.dropFirst(request.prompt.count)
    return TokenStream { continuation in
      for token in answer { continuation.yield(token) }
      continuation.finish()
    }
  }
}
