public import Logging

/// Reads one Hypertensor chain through JSON-RPC.
///
/// Everything that can change is read at a block: `client.at(block)` gives a ``BlockState`` whose answers
/// belong together. The client itself holds what never changes, and the cache of metadata.
public struct ChainClient: Sendable {
  public let rpc: any RPCClient
  /// The hash of the chain's first block: the only thing that tells Hypertensor's chains apart.
  public let genesisHash: BlockHash
  public let metadataCache: MetadataCache
  let logger: Logger
  private let finality = FinalityGuard()

  /// How long one answer may take.
  static let timeout = Duration.seconds(20)

  /// Connects to a chain.
  ///
  /// - Parameter genesisHash: the chain that is meant; nil takes whatever the endpoint serves.
  /// - Throws: ``ChainError`` `wrongChain` if the endpoint serves another, ``RPCError`` if none answers.
  public init(
    _ rpc: any RPCClient, genesisHash expected: BlockHash? = nil, metadataCache: MetadataCache = MetadataCache(),
    logger: Logger = Logger(label: "substrate.chain")
  ) async throws {
    self.rpc = rpc
    self.metadataCache = metadataCache
    self.logger = logger
    genesisHash = try await Self.hash(rpc, "chain_getBlockHash", [0])
    if let expected, expected != genesisHash {
      throw ChainError(.wrongChain, "the chain's genesis hash is \(genesisHash), not \(expected)")
    }
  }

  // MARK: Blocks

  /// The newest block that can no longer be undone; never one before the last that was given.
  ///
  /// - Throws: ``ChainError`` `staleView` while the endpoint is behind.
  public func finalized() async throws -> BlockState {
    let state = try await at(finalizedHash())
    try finality.admit(state.reference)
    return state
  }

  /// The newest block, which may still be undone.
  public func best() async throws -> BlockState {
    try await at(bestHash())
  }

  private func finalizedHash() async throws -> BlockHash {
    if let followed = (rpc as? any HeadFollower)?.finalizedBlock { return followed }
    return try await Self.hash(rpc, "chain_getFinalizedHead", [])
  }

  func bestHash() async throws -> BlockHash {
    if let followed = (rpc as? any HeadFollower)?.bestBlock { return followed }
    return try await Self.hash(rpc, "chain_getBlockHash", [])
  }

  /// The block of the best chain at a height.
  public func at(number: UInt64) async throws -> BlockState {
    let state = try await at(blockHash(number: number))
    guard state.number == number else {
      throw ChainError(.malformed, "the hash given for block \(number) is that of block \(state.number)")
    }
    return state
  }

  public func blockHash(number: UInt64) async throws -> BlockHash {
    let answer = try await rpc.call("chain_getBlockHash", [JSONValue(number)], timeout: Self.timeout)
    guard answer != .null else { throw ChainError(.unknownBlock, "the chain has no block \(number) yet") }
    guard let hash = answer.stringValue.flatMap(BlockHash.init(hex:)) else {
      throw ChainError(.malformed, "chain_getBlockHash gave no hash")
    }
    return hash
  }

  /// The block with that hash.
  public func at(_ hash: BlockHash) async throws -> BlockState {
    BlockState(client: self, header: try await header(hash), hash: hash)
  }

  /// The state of a block whose header is at hand, as the head subscriptions give it.
  public func at(_ header: BlockHeader) -> BlockState {
    BlockState(client: self, header: header, hash: header.hash)
  }

  /// The header with that hash; one that hashes to something else is refused.
  public func header(_ hash: BlockHash) async throws -> BlockHeader {
    let answer = try await rpc.call("chain_getHeader", [.string(hash.description)], timeout: Self.timeout)
    guard answer != .null else { throw ChainError(.unknownBlock, "no endpoint has the block \(hash)") }
    let header = try BlockHeader(json: answer)
    guard header.hash == hash else {
      throw ChainError(.malformed, "the header given for \(hash) hashes to \(header.hash)")
    }
    return header
  }

  static func hash(_ rpc: any RPCClient, _ method: String, _ params: [JSONValue]) async throws -> BlockHash {
    let answer = try await rpc.call(method, params, timeout: timeout)
    guard let hash = answer.stringValue.flatMap(BlockHash.init(hex:)) else {
      throw ChainError(.malformed, "\(method) gave no hash")
    }
    return hash
  }

  // MARK: Runtime

  /// The runtime in force after `block`: the one that its state and its next block speak.
  public func runtime(after block: BlockHash) async throws -> RuntimeSnapshot {
    let at: JSONValue = .string(block.description)
    async let version = rpc.call("state_getRuntimeVersion", [at], timeout: Self.timeout)
    let codeHash = try await codeHash(after: block)
    let metadata = try await metadata(codeHash: codeHash, at: at)
    let answer = try await version
    guard let specVersion = answer["specVersion"]?.uint64Value.flatMap(UInt32.init(exactly:)),
      let transactionVersion = answer["transactionVersion"]?.uint64Value.flatMap(UInt32.init(exactly:))
    else { throw ChainError(.malformed, "state_getRuntimeVersion gave no versions") }
    return RuntimeSnapshot(
      metadata: metadata, codeHash: codeHash, specName: answer["specName"]?.stringValue ?? "",
      specVersion: specVersion, transactionVersion: transactionVersion)
  }

  /// The hash of the runtime's code that is in force after `block`.
  func codeHash(after block: BlockHash) async throws -> [UInt8] {
    let answer = try await rpc.call(
      "state_getStorageHash", [.string(Hex.encode(Array(":code".utf8))), .string(block.description)],
      timeout: Self.timeout)
    guard let hash = answer.hexBytes, hash.count == 32 else {
      throw ChainError(.malformed, "state_getStorageHash gave no hash of the runtime's code")
    }
    return hash
  }

  private func metadata(codeHash: [UInt8], at block: JSONValue) async throws -> RuntimeMetadata {
    if let kept = metadataCache.metadata(codeHash: codeHash) { return kept }
    let bytes = try await metadataBytes(at: block)
    let metadata = try RuntimeMetadata(bytes)
    metadataCache.store(metadata, bytes: bytes, codeHash: codeHash)
    logger.debug(
      "read metadata",
      metadata: [
        "code": "\(Hex.encode(codeHash))", "hash": "\(Hex.encode(metadata.hash))", "version": "\(metadata.version)",
      ])
    return metadata
  }

  /// V15 where the runtime has it, for its runtime APIs; else V14.
  private func metadataBytes(at block: JSONValue) async throws -> [UInt8] {
    do {
      let fifteen = try await rpc.call(
        "state_call", [.string("Metadata_metadata_at_version"), .string("0x0f000000"), block], timeout: Self.timeout)
      guard let bytes = fifteen.hexBytes else { throw ChainError(.malformed, "state_call gave no hex") }
      var reader = ScaleReader(bytes)
      let metadata = try reader.readOption { r throws(ScaleError) in try r.readByteSequence() }
      try reader.finish()
      if let metadata { return metadata }
    } catch let error as RPCError where error.server?.message.contains("Exported method") == true {
      // A runtime from before V15. Any other failure must not end here: what is read now is remembered.
    }
    let fourteen = try await rpc.call("state_getMetadata", [block], timeout: Self.timeout)
    guard let bytes = fourteen.hexBytes else { throw ChainError(.malformed, "state_getMetadata gave no hex") }
    return bytes
  }
}
