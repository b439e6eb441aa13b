import ArgumentParser

struct HosterCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "hoster", abstract: "Serves inference to the peers of a subnet until it is stopped.",
    discussion: """
      Every key of the configuration is a flag as well; docs/configuration.md has them, docs/hoster.md what the daemon \
      does. Prints one line of JSON when it is reached, and logs to standard error.
      """)

  @OptionGroup var options: ConfigurationOptions

  func run() async throws {
    let (common, own) = try DaemonConfiguration.hoster(options.sources)
    let computation = try HosterComputation(own, epoch: common.epoch)
    try await DaemonNode.run(common, role: .hoster) { node in
      try HosterComposition(node, own, computation).services
    }
  }
}
