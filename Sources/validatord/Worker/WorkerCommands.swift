import ArgumentParser
import Hoster

/// What the program does as a process of a node's workers. The node starts these; people have no use for them.
struct WorkerCommands: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "worker", abstract: "Runs a worker of a node.", shouldDisplay: false,
    subcommands: [WorkerGuardCommand.self, WorkerRunCommand.self])
}

struct WorkerGuardCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "guard", abstract: "Starts a worker, and ends all that it has started when it or the node ends.")

  @Argument(parsing: .captureForPassthrough, help: "The worker's program, by absolute path, and its arguments.")
  var command: [String]

  func run() { WorkerGuard.run(command) }
}
