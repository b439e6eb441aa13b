import ArgumentParser

struct ConfigCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "config", abstract: "Explains and checks the configuration of the daemons.",
    discussion: "docs/configuration.md has all keys.",
    subcommands: [ConfigShowCommand.self, ConfigCheckCommand.self, ConfigReferenceCommand.self])
}

struct ConfigReferenceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reference", abstract: "Writes docs/configuration.md, or docs/metrics.md.")

  enum Document: String, ExpressibleByArgument, CaseIterable {
    case configuration, metrics
  }

  @Argument(help: "configuration or metrics.") var document: Document = .configuration

  func run() {
    switch document {
    case .configuration: Report.write(text: SettingsReference.markdown)
    case .metrics: Report.write(text: MetricsReference.markdown)
    }
  }
}
