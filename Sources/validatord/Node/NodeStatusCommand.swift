import ArgumentParser
import Substrate

struct NodeStatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Says how a node stands on chain, and what to do about it.",
    discussion: "Needs no key. Ends with 1 if something keeps the node from working.")

  @OptionGroup var options: ChainOptions
  @OptionGroup var target: NodeTarget

  func run() async throws {
    let health = try await options.withState { state in
      guard let subnet = try await state.subnet(target.subnet).subnet() else {
        throw CommandError.noSubnet(target.subnet, state)
      }
      return try await NodeExamination(target.find(state), subnet, state)
    }
    switch options.format {
    case .json: Report.write(health.json)
    case .table:
      Report.write(rows: health.facts)
      Report.write(text: "")
      Finding.write(health.findings)
    }
    if health.findings.contains(where: { $0.grade == .failure }) { throw ExitCode(Failure.Status.failed.rawValue) }
  }
}
