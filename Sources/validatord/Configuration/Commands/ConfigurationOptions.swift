import ArgumentParser

/// What commands take that go by the configuration of a daemon: its file, and a flag for every key.
struct ConfigurationOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The configuration: YAML, or JSON if its name ends so.", valueName: "file"))
  var config: String?
  @Argument(
    parsing: .allUnrecognized,
    help: ArgumentHelp(
      "Any key as a flag, its dots as dashes: --chain-rpc URL. Flags win over VALIDATORD_CHAIN_RPC, and that over the file.",
      valueName: "flag"))
  var settings: [String] = []

  /// Where the configuration comes from.
  ///
  /// - Throws: ``CommandError`` `usage.flag`, `configuration.unreadable`, `configuration.malformed`.
  var sources: SettingSources {
    get throws { try SettingSources(flags: SettingFlags(settings), file: config) }
  }
}
