import ArgumentParser

struct RPCCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rpc", abstract: "Calls procedures of the subnet's peers.",
    subcommands: [RPCCallCommand.self, RPCListCommand.self])
}
