import ArgumentParser
import Substrate
import Validator

struct ScoresCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "scores", abstract: "Shows what each node got and why, and whether the chain says the same.",
    discussion: """
      Reads the validator's database, also while the daemon runs. Without options it shows the newest epoch with \
      scores. Ends with 1 if nothing matches, if --recompute finds a difference, or if --diff does.
      """)

  @OptionGroup var location: StoreLocation
  @Option(help: ArgumentHelp("One epoch, or a range such as 100-120.", valueName: "epochs")) var epoch: EpochRange?
  @Option(help: ArgumentHelp("Only the node with this subnet node id.", valueName: "id")) var node: UInt32?
  @Option(help: ArgumentHelp("Only the node with this peer id.", valueName: "peer id")) var peer: String?
  @Option(help: ArgumentHelp("The most lines.", valueName: "lines")) var limit = 10_000
  @Option(help: "How the answer is written: table, json or csv.") var format: ScoresFormat = .table
  @Flag(exclusivity: .exclusive) var mode: ScoresMode = .list

  func validate() throws {
    guard limit > 0 else { throw ValidationError("--limit is at least 1") }
  }

  func run() async throws {
    try await location.reading { store in
      guard let epochs = try await epochs(store) else { throw CommandError.noScores(location.path) }
      var query = SummaryQuery(epochs: epochs, subnetNodeID: node, peerID: peer)
      query.limit = limit
      switch mode {
      case .list: try await ScoresList(store, query).write(format, orElse: location.path)
      case .why: try await ScoresWhy(store, query).write(format, orElse: location.path)
      case .diff: try await ScoresDiff(store, query).write(format, orElse: location.path)
      case .recompute: try await ScoresRecomputation(store, query).write(format, orElse: location.path)
      }
    }
  }

  private func epochs(_ store: Store) async throws -> ClosedRange<UInt32>? {
    if let epoch { return epoch.range }
    guard let latest = try await store.latestEpoch(scored: true) else { return nil }
    // A node or peer that is asked for by name is shown over time.
    return node != nil || peer != nil ? 0...latest : latest...latest
  }
}

/// What the command tells of the scores.
enum ScoresMode: String, EnumerableFlag {
  case list, why, diff, recompute

  static func help(for value: ScoresMode) -> ArgumentHelp? {
    switch value {
    case .list: "One line for each node and epoch."
    case .why: "The verdict of each probe, with its reason and every attempt."
    case .diff: "Compare with what the elected node put on chain."
    case .recompute: "Make the scores again from the evidence."
    }
  }
}

/// How the answer is written.
enum ScoresFormat: String, ExpressibleByArgument, CaseIterable {
  case table, json, csv
}

/// An epoch, or the first and the last of several.
struct EpochRange: ExpressibleByArgument {
  let range: ClosedRange<UInt32>

  init?(argument: String) {
    let ends = argument.split(separator: "-", omittingEmptySubsequences: false).map { UInt32($0) }
    guard let first = ends.first ?? nil, let last = ends.last ?? nil, ends.count <= 2, first <= last else { return nil }
    range = first...last
  }
}

extension CommandError {
  static func noScores(_ path: String) -> CommandError {
    CommandError(
      "scores.none", "nothing in \(path) matches",
      remedy: "Without options, `validatord scores` shows the newest epoch with scores.", status: .failed)
  }
}
