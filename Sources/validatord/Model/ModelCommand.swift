import ArgumentParser

struct ModelCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "model", abstract: "Makes, examines and runs models of the built-in kind, GPT-2.",
    subcommands: [ModelInitCommand.self, ModelInspectCommand.self, ModelRunCommand.self])
}
