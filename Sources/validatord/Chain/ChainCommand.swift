import ArgumentParser

struct ChainCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "chain", abstract: "Reads the chain, and sends it calls.",
    subcommands: [
      ChainInfoCommand.self, ChainEpochCommand.self, ChainNodesCommand.self, ChainNodeCommand.self,
      ChainStakeCommand.self, ChainStorageCommand.self, ChainConstantsCommand.self, ChainCallCommand.self,
    ])
}
