import ArgumentParser
import Substrate

struct ChainInfoCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "info", abstract: "Says which chain an endpoint serves, and how far it is.")

  @OptionGroup var options: ChainOptions

  func run() async throws {
    try await options.withClient { client in
      async let name = client.rpc.call("system_chain", []).stringValue
      async let node = client.rpc.call("system_name", []).stringValue
      async let nodeVersion = client.rpc.call("system_version", []).stringValue
      async let best = client.best()
      let finalized = try await client.finalized()
      let runtime = try await finalized.runtime()
      let epochLength: UInt64 = try runtime.metadata.constant("Network", "EpochLength").integer()
      let generation = try? Generation(runtime.metadata)
      let head = try await best
      let subnets = try await finalized.subnetIDs()
      let facts: [(String, String, JSONValue)] = [
        ("chain", "chain", .string(try await name ?? "?")),
        ("node", "node", .string("\(try await node ?? "?") \(try await nodeVersion ?? "?")")),
        ("genesis hash", "genesisHash", .string(client.genesisHash.description)),
        ("best block", "bestBlock", JSONValue(head.number)),
        ("best hash", "bestHash", .string(head.hash.description)),
        ("finalized block", "finalizedBlock", JSONValue(finalized.number)),
        ("finalized hash", "finalizedHash", .string(finalized.hash.description)),
        (
          "runtime", "runtime",
          .string("\(runtime.specName) \(runtime.specVersion), transactions \(runtime.transactionVersion)")
        ),
        ("runtime code hash", "codeHash", .string(Hex.encode(runtime.codeHash))),
        ("generation", "generation", .string(generation?.rawValue ?? "unknown")),
        ("metadata", "metadataVersion", .string("V\(runtime.metadata.version)")),
        ("metadata hash", "metadataHash", .string(Hex.encode(runtime.metadata.hash))),
        ("epoch length", "epochLength", JSONValue(epochLength)),
        ("epoch", "epoch", JSONValue(epochLength > 0 ? finalized.number / epochLength : 0)),
        ("subnets", "subnets", .array(subnets.map { JSONValue($0) })),
      ]
      switch options.format {
      case .json: Report.write(.object(Dictionary(uniqueKeysWithValues: facts.map { ($0.1, $0.2) })))
      case .table:
        Report.write(
          rows: facts.map {
            (
              $0.0,
              $0.2.stringValue ?? ($0.2.arrayValue?.map(\.description).joined(separator: ", ") ?? $0.2.description)
            )
          })
      }
    }
  }
}
