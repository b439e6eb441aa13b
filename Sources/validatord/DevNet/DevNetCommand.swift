import ArgumentParser
import Logging
import ServiceLifecycle
import Substrate

struct DevNetCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "devnet", abstract: "Runs a whole network on this machine, and shows that it comes to agree.",
    discussion: """
      A simulated chain, a bootnode, three validators, three honest hosters with real workers, one hoster that lies and \
      one that is silent; every node is a process of its own with sockets, keys and signed calls. Ends after \
      some epochs with 0 if all of them reached consensus, the two scored lowest, and every validator's scores come \
      out again from its evidence; with 1 if not. With --keep it runs until it is stopped.
      """)

  @OptionGroup var options: DevNetOptions
  @Flag(help: "Run until SIGTERM or Ctrl-C; prints one line of JSON once all nodes are ready.") var keep = false
  @Option(help: "How the end is written: table, which also shows the way there, or json.")
  var format: OutputFormat = .table

  func run() async throws {
    let network = DevNet(options, isKept: keep, format: format)
    var logger = Logger(label: "validatord.devnet")
    logger.logLevel = .critical
    try await ServiceGroup(
      configuration: ServiceGroupConfiguration(
        services: [
          .init(
            service: network, successTerminationBehavior: .gracefullyShutdownGroup,
            failureTerminationBehavior: .cancelGroup)
        ], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
    ).run()
    guard network.findings?.areAllMet ?? keep else { throw ExitCode(Failure.Status.failed.rawValue) }
  }
}
