import ArgumentParser
import Foundation
import Substrate

/// What all `chain` commands take.
struct ChainOptions: ParsableArguments {
  @Option(help: ArgumentHelp("A node's JSON-RPC endpoint; may be given several times.", valueName: "url"))
  var rpc: [String] = ["ws://127.0.0.1:9944"]

  @Option(help: ArgumentHelp("finalized, best, a block number or a block hash.", valueName: "block"))
  var at: BlockSelector = .finalized

  @Option(help: "How the answer is written: table or json.")
  var format: OutputFormat = .table

  @Option(help: ArgumentHelp("Refuse every chain but the one with this genesis hash.", valueName: "hash"))
  var genesis: String?

  @Flag(help: "Let ws and http go to other machines unencrypted.")
  var allowPlaintext = false

  /// Runs `body` with a client of the chain, and closes its connections whatever happens.
  func withClient<Value: Sendable>(_ body: (ChainClient) async throws -> Value) async throws -> Value {
    var pinned: BlockHash?
    if let genesis {
      guard let hash = BlockHash(hex: genesis) else {
        throw CommandError("usage.genesis", "\(genesis) is no hash", remedy: "Give 0x and 64 hex digits.")
      }
      pinned = hash
    }
    let endpoints = try rpc.map { try RPCEndpoint($0, allowsPlaintext: allowPlaintext) }
    return try await Connection.with(endpoints, genesisHash: pinned) { rpc in
      let cache = MetadataCache(folder: Self.cacheFolder)
      return try await body(try await ChainClient(rpc, genesisHash: pinned, metadataCache: cache))
    }
  }

  /// Runs `body` with the state after the chosen block.
  func withState<Value: Sendable>(_ body: (BlockState) async throws -> Value) async throws -> Value {
    try await withClient { client in
      switch at {
      case .finalized: try await body(client.finalized())
      case .best: try await body(client.best())
      case .number(let number): try await body(client.at(number: number))
      case .hash(let hash): try await body(client.at(hash))
      }
    }
  }

  /// Where metadata is kept between runs.
  private static var cacheFolder: String? {
    let environment = ProcessInfo.processInfo.environment
    if let folder = environment["XDG_CACHE_HOME"], !folder.isEmpty { return "\(folder)/validatord" }
    return environment["HOME"].map { "\($0)/.cache/validatord" }
  }
}

/// A block as a person names it.
enum BlockSelector: ExpressibleByArgument {
  case finalized, best
  case number(UInt64)
  case hash(BlockHash)

  init?(argument: String) {
    switch argument {
    case "finalized": self = .finalized
    case "best": self = .best
    default:
      if let number = UInt64(argument) {
        self = .number(number)
      } else if let hash = BlockHash(hex: argument) {
        self = .hash(hash)
      } else {
        return nil
      }
    }
  }

  var defaultValueDescription: String {
    switch self {
    case .finalized: "finalized"
    case .best: "best"
    case .number(let number): "\(number)"
    case .hash(let hash): hash.description
    }
  }
}
