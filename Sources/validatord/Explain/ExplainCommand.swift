import ArgumentParser
import Substrate
import Validator

struct ExplainCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain", abstract: "Tells what happened to the scores of an epoch, and what was lost and why.",
    discussion: """
      Reads the validator's database, also while the daemon runs, and, with --rpc, the chain. The scores of epoch N are \
      made in N, proposed and attested in N+1, and paid for in the first block of N+2. Of a hoster's database it tells \
      whether the own answer was computed in time, or why not. Signs and changes nothing.
      """)

  @OptionGroup var location: StoreLocation
  @Option(help: ArgumentHelp("The epoch; the newest one that is known unless given.", valueName: "epoch"))
  var epoch: UInt32?
  @Option(
    help: ArgumentHelp(
      "A node's JSON-RPC endpoint, an archive for old epochs; may be given several times.", valueName: "url"))
  var rpc: [String] = []
  @Flag(help: "Let ws and http go to other machines unencrypted.") var allowPlaintext = false
  @Option(help: "How the answer is written: table or json.") var format: OutputFormat = .table

  func run() async throws {
    try await location.reading { store in
      let latest = try await store.latestEpoch(scored: true)
      if latest == nil, let run = try await OwnRunStory(epoch, store) { return run.write(format) }
      guard let epoch = epoch ?? latest, let account = try await EpochAccount(epoch, store) else {
        throw CommandError(
          "explain.none", "\(location.path) knows nothing of \(epoch.map { "epoch \($0)" } ?? "any epoch")",
          remedy: "`validatord scores` lists the epochs that have scores.", status: .failed)
      }
      let settlement = try await settlement(account)
      EpochStory(account, settlement).write(format)
    }
  }

  /// What the chain has of it; nil if it is not asked.
  private func settlement(_ account: EpochAccount) async throws -> EpochSettlement? {
    guard !rpc.isEmpty else { return nil }
    var options = try ChainOptions.parse([])
    (options.rpc, options.genesis, options.allowPlaintext) = (
      rpc, account.identity?.genesisHash.description, allowPlaintext
    )
    return try await options.withClient { try await EpochSettlement(account, $0) }
  }
}
