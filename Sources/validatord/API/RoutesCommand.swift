import ArgumentParser

struct RoutesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "routes", abstract: "Looks after routes files of the API protocol.",
    subcommands: [RoutesCheckCommand.self])
}
