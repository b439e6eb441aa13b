import ArgumentParser

struct InferenceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inference", abstract: "Asks the subnet's hosters.", subcommands: [InferenceCallCommand.self])
}
