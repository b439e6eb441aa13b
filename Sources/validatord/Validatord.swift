import ArgumentParser
import LibP2P

/// The program: its commands, and what its exit codes mean.
struct Validatord: AsyncParsableCommand {
  static let version = "0.1.0"

  static let configuration = CommandConfiguration(
    commandName: "validatord",
    abstract: "Runs a node of a Hypertensor subnet.",
    discussion: """
      Exit codes: 0 ok, 1 failed, 64 usage, 69 unavailable, 70 internal or wedged, 75 try later, \
      77 not permitted, 78 configuration.
      """,
    version: version,
    subcommands: [
      ChainCommand.self, KeysCommand.self, P2PCommand.self, RPCCommand.self, ApiCommand.self, RoutesCommand.self,
      ModelCommand.self, InferenceCommand.self, WorkerCommands.self, ScoresCommand.self, DatabaseCommand.self,
      ProtectionCommand.self, DevChainCommand.self, DevNetCommand.self, NodeCommand.self, ExplainCommand.self,
      DoctorCommand.self, ConfigCommand.self, HosterCommand.self, ValidatorCommand.self,
    ])
}

@main
enum Main {
  static func main() async {
    ProcessMemory.keepFreed()
    do {
      var command = try Validatord.parseAsRoot()
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
    } catch {
      Failure(error).exit()
    }
  }
}
