import ArgumentParser

struct DatabaseCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "db", abstract: "Looks after a validator's database.",
    discussion: "docs/store.md has the schema, and what to do when something is wrong.",
    subcommands: [
      DatabaseBackupCommand.self, DatabaseRestoreCommand.self, DatabaseCheckCommand.self, DatabasePruneCommand.self,
      DatabaseMigrateCommand.self,
    ])
}
