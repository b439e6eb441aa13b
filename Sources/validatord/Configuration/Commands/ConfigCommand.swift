import ArgumentParser

struct ConfigCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "config", abstract: "Explains and checks the configuration of the daemons.",
    discussion: "docs/configuration.md has all keys.",
    subcommands: [ConfigShowCommand.self, ConfigCheckCommand.self, ConfigReferenceCommand.self])
}

struct ConfigReferenceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reference", abstract: "Writes docs/configuration.md: every key with what it takes.")

  func run() { Report.write(text: SettingsReference.markdown) }
}
