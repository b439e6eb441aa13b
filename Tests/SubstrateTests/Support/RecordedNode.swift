import Foundation
import Synchronization

@testable import Substrate

/// A node inside the test process that serves what a real one recorded: the blocks of a state file under
/// `Tests/Interop/chain/states`, each with its whole state, and the metadata of the runtime.
///
/// It invents nothing: what it was not recorded with is an error of the code that a node gives. A test may
/// put a ``Lie`` between it and the client, and may let its chain grow by blocks of its own.
final class RecordedNode: RPCClient {
  /// Stands in for the honest answer of one method.
  typealias Lie =
    @Sendable (_ params: [JSONValue], _ honest: @Sendable () throws -> JSONValue) async throws -> JSONValue

  struct Block: Sendable {
    /// Nil for the genesis block, whose header was not recorded.
    var header: JSONValue?
    var number: UInt64
    var extrinsics: [String] = []
    var storage: [String: String]
    var chain: RecordedChain
  }

  private struct State {
    var blocks: [BlockHash: Block]
    var best: BlockHash
    var finalized: BlockHash
    var genesis: BlockHash
    /// The hashes of the blocks before the recorded ones, by height.
    var older: [UInt64: BlockHash]
    var lies: [String: Lie] = [:]
    var calls: [String: Int] = [:]
    var pooledNonces: [String: Int] = [:]
    var listeners: [RPCSubscription.Source] = []
  }

  private let state: Mutex<State>

  init(_ chain: RecordedChain = .february) throws {
    state = Mutex(try Self.recorded(chain))
  }

  var genesis: BlockHash { state.withLock { $0.genesis } }
  var best: BlockHash { state.withLock { $0.best } }
  var finalized: BlockHash { state.withLock { $0.finalized } }

  /// The height of the newest block of the recording, or of the blocks that a test added.
  var recordedHeight: UInt64 { state.withLock { $0.blocks[$0.best]?.number ?? 0 } }

  /// How often a method was called.
  func count(_ method: String) -> Int { state.withLock { $0.calls[method] ?? 0 } }

  /// Answers `method` otherwise from now on; nil for the truth again.
  func lie(_ method: String, _ lie: Lie?) { state.withLock { $0.lies[method] = lie } }

  /// Never answers `method`, until the asker gives up.
  func silence(_ method: String) {
    lie(method) { _, _ in
      do { try await Task.sleep(for: .seconds(600)) } catch {
        throw RPCError(.cancelled, "the task was cancelled")
      }
      throw RPCError(.timeout, "no answer")
    }
  }

  func setPooledNonce(_ account: AccountID, _ nonce: Int) {
    state.withLock { $0.pooledNonces[account.hex.lowercased()] = nonce }
  }

  /// Adds a block on top of `parent`; it is the best one unless told otherwise.
  @discardableResult
  func extend(
    _ parent: BlockHash, extrinsics: [[UInt8]] = [], storage: [String: String?] = [:], chain: RecordedChain? = nil,
    salt: UInt8 = 0, isBest: Bool = true
  ) throws -> BlockHash {
    try state.withLock { state in
      guard var block = state.blocks[parent] else { throw RPCError(.malformed, "no such parent") }
      block.number += 1
      block.extrinsics = extrinsics.map { Hex.encode($0) }
      for (key, value) in storage { block.storage[key] = value }
      if let chain { block.chain = chain }
      let root = [UInt8](repeating: salt, count: 32)
      let header: JSONValue = [
        "parentHash": .string(parent.description), "number": .string("0x" + String(block.number, radix: 16)),
        "stateRoot": .string(Hex.encode(root)), "extrinsicsRoot": .string(Hex.encode(root)),
        "digest": ["logs": []],
      ]
      block.header = header
      let hash = try BlockHeader(json: header).hash
      state.blocks[hash] = block
      if isBest { setBest(hash, &state) }
      return hash
    }
  }

  func setBest(_ hash: BlockHash) { state.withLock { setBest(hash, &$0) } }
  func finalize(_ hash: BlockHash) { state.withLock { $0.finalized = hash } }

  /// The hash of the block at a height of the best chain.
  func hash(at number: UInt64) -> BlockHash? { state.withLock { Self.hash(at: number, $0) } }

  func storage(_ hash: BlockHash) -> [String: String] { state.withLock { $0.blocks[hash]?.storage ?? [:] } }

  private func setBest(_ hash: BlockHash, _ state: inout State) {
    state.best = hash
    guard let header = state.blocks[hash]?.header else { return }
    state.listeners.removeAll { !$0.yield(header) }
  }

  private static func hash(at number: UInt64, _ state: State) -> BlockHash? {
    var hash = state.best
    while let block = state.blocks[hash], block.number > number {
      guard let parent = block.header?["parentHash"]?.stringValue.flatMap(BlockHash.init(hex:)) else { return nil }
      hash = parent
    }
    guard let block = state.blocks[hash] else { return state.older[number] }
    return block.number == number ? hash : nil
  }

  // MARK: RPCClient

  func call(_ method: String, _ params: [JSONValue], timeout: Duration?) async throws -> JSONValue {
    let (lie, snapshot) = state.withLock { state in
      state.calls[method, default: 0] += 1
      return (state.lies[method], state)
    }
    try Task.checkCancellation()
    guard let lie else { return try Self.answer(method, params, snapshot) }
    return try await lie(params) { try Self.answer(method, params, snapshot) }
  }

  func batch(_ calls: [RPCCall], timeout: Duration?) async throws -> [Result<JSONValue, RPCError>] {
    var results: [Result<JSONValue, RPCError>] = []
    for call in calls {
      do { results.append(.success(try await self.call(call.method, call.params, timeout: timeout))) } catch {
        results.append(.failure(.transport(error)))
      }
    }
    return results
  }

  func subscribe(
    _ method: String, _ params: [JSONValue], unsubscribe: String, itemDeadline: Duration?
  ) async throws -> RPCSubscription {
    guard method == "chain_subscribeNewHeads" else { throw RPCError.server(code: -32601, message: "Method not found") }
    let (subscription, source) = RPCSubscription.make {}
    state.withLock { $0.listeners.append(source) }
    return subscription
  }

  // MARK: The honest answers

  private static func answer(_ method: String, _ params: [JSONValue], _ state: State) throws -> JSONValue {
    func block(_ index: Int) throws -> (BlockHash, Block) {
      let hash = index < params.count ? params[index].stringValue.flatMap(BlockHash.init(hex:)) : state.best
      guard let hash, let block = state.blocks[hash] else {
        throw RPCError.server(code: 4003, message: "Client error: UnknownBlock: Header was not found in the database")
      }
      return (hash, block)
    }
    func text(_ index: Int) throws -> String {
      guard index < params.count, let text = params[index].stringValue else {
        throw RPCError.server(code: -32602, message: "Invalid params")
      }
      return text
    }
    switch method {
    case "chain_getBlockHash":
      guard let number = params.first else { return .string(state.best.description) }
      return number.uint64Value.flatMap { hash(at: $0, state) }.map { .string($0.description) } ?? .null
    case "chain_getFinalizedHead": return .string(state.finalized.description)
    case "chain_getHeader": return (try? block(0).1.header) ?? .null
    case "chain_getBlock":
      guard let block = try? block(0).1, let header = block.header else { return .null }
      return [
        "block": ["header": header, "extrinsics": .array(block.extrinsics.map { .string($0) })], "justifications": nil,
      ]
    case "state_getStorage": return try block(1).1.storage[try text(0)].map { .string($0) } ?? .null
    case "state_getStorageHash":
      guard try text(0) == "0x3a636f6465" else { return .null }
      return .string(Hex.encode(Blake2b.hash256(Array(try block(1).1.chain.rawValue.utf8))))
    case "state_getRuntimeVersion": return try file(try block(0).1.chain)["version"] ?? .null
    case "state_getMetadata": return .string(Hex.encode(try block(0).1.chain.metadataBytes(14)))
    case "state_call":
      guard try text(0) == "Metadata_metadata_at_version", try text(1) == "0x0f000000" else {
        throw RPCError.server(code: 4003, message: "Client error: Execution failed: not recorded")
      }
      var writer = ScaleWriter()
      writer.write(option: try block(2).1.chain.metadataBytes(15)) { $1.write(sequence: $0) }
      return .string(Hex.encode(writer.bytes))
    case "state_getKeysPaged":
      let prefix = try text(0)
      let start = params[2].stringValue ?? ""
      let keys = try block(3).1.storage.keys.filter { $0.hasPrefix(prefix) && $0 > start }.sorted()
      return .array(keys.prefix(Int(params[1].uint64Value ?? 0)).map { .string($0) })
    case "state_queryStorageAt":
      let (hash, block) = try block(1)
      let changes = (params[0].arrayValue ?? []).map { key -> JSONValue in
        [key, key.stringValue.flatMap { block.storage[$0] }.map { .string($0) } ?? .null]
      }
      return [["block": .string(hash.description), "changes": .array(changes)]]
    case "system_accountNextIndex": return JSONValue(state.pooledNonces[try text(0).lowercased()] ?? 0)
    default: throw RPCError.server(code: -32601, message: "Method not found")
    }
  }

  // MARK: The recording

  private static func file(_ chain: RecordedChain) throws -> JSONValue {
    guard let file = files[chain] else { throw RPCError(.malformed, "no state file of \(chain)") }
    return file
  }

  private static let files: [RecordedChain: JSONValue] = Dictionary(
    uniqueKeysWithValues: RecordedChain.allCases.compactMap { chain in
      let name = chain == .february ? "five-feb2026" : "five-dec2025"
      let url = InteropEnvironment.folder.appending(path: "chain/states/\(name).state.json")
      return (try? JSONValue(parsing: Array(Data(contentsOf: url)))).map { (chain, $0) }
    })

  /// The recorded blocks, newest first; each carries what to put back to get the state before it.
  private static func recorded(_ chain: RecordedChain) throws -> State {
    let file = try file(chain)
    let hashes = (file["hashes"]?.objectValue ?? [:]).compactMapValues { $0.stringValue.flatMap(BlockHash.init(hex:)) }
    var storage = (file["storage"]?.objectValue ?? [:]).compactMapValues(\.stringValue)
    guard let genesis = file["genesis"]?.stringValue.flatMap(BlockHash.init(hex:)) else {
      throw RPCError(.malformed, "no genesis in the state file")
    }
    var blocks: [BlockHash: Block] = [:]
    var best = genesis
    for recorded in (file["blocks"]?.arrayValue ?? []).reversed() {
      let header = try headerJSON(recorded["header"]?.hexBytes ?? [])
      guard let number = header["number"]?.hexNumber.map(UInt64.init), let hash = hashes[String(number)] else {
        continue
      }
      if blocks.isEmpty { best = hash }
      blocks[hash] = Block(
        header: header, number: number,
        extrinsics: (recorded["extrinsics"]?.arrayValue ?? []).compactMap(\.stringValue),
        storage: storage, chain: chain)
      for (key, value) in recorded["rev"]?.objectValue ?? [:] { storage[key] = value.stringValue }
    }
    // The state before the oldest block is that of the genesis only where the recording goes back so far.
    if hashes["1"].map({ blocks[$0] != nil }) == true {
      blocks[genesis] = Block(number: 0, storage: storage, chain: chain)
    }
    let older = Dictionary(
      uniqueKeysWithValues: hashes.compactMap { number, hash in UInt64(number).map { ($0, hash) } })
    return State(blocks: blocks, best: best, finalized: best, genesis: genesis, older: older)
  }

  /// A recorded SCALE header as `chain_getHeader` gives it.
  static func headerJSON(_ bytes: [UInt8]) throws -> JSONValue {
    var reader = ScaleReader(bytes)
    func hex(_ bytes: [UInt8]) -> JSONValue { .string(Hex.encode(bytes)) }
    let parent = try reader.readBytes(32)
    let number = try reader.readCompact()
    let (state, extrinsics) = (try reader.readBytes(32), try reader.readBytes(32))
    var logs: [JSONValue] = []
    for _ in 0..<(try reader.readCount(elementSize: 1)) {
      var log = ScaleWriter()
      let kind = try reader.readByte()
      log.write(kind)
      if kind != 0 { log.write(raw: try reader.readBytes(4)) }
      log.write(sequence: try reader.readByteSequence())
      logs.append(hex(log.bytes))
    }
    try reader.finish()
    return [
      "parentHash": hex(parent), "number": .string("0x" + String(number, radix: 16)), "stateRoot": hex(state),
      "extrinsicsRoot": hex(extrinsics), "digest": ["logs": .array(logs)],
    ]
  }
}
