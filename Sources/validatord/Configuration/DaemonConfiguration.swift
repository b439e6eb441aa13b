/// What every daemon is configured with.
struct DaemonConfiguration: Sendable {
  let chain: ChainSettings
  let node: NodeSettings
  let epoch: EpochSettings
  let api: ApiSettings

  /// - Parameter needsHotkey: whether the daemon signs on chain.
  init?(_ reader: inout SettingsReader, needsHotkey: Bool) {
    let chain = ChainSettings(&reader)
    let node = NodeSettings(&reader, needsHotkey: needsHotkey)
    let epoch = EpochSettings(&reader)
    let api = ApiSettings(&reader)
    guard let chain, let node, let epoch, let api else { return nil }
    (self.chain, self.node, self.epoch, self.api) = (chain, node, epoch, api)
  }

  /// Reads what a hoster needs.
  ///
  /// - Throws: ``CommandError`` `configuration.invalid` with everything that is wrong.
  static func hoster(_ sources: SettingSources) throws -> (common: DaemonConfiguration, own: HosterSettings) {
    var reader = SettingsReader(sources)
    let common = DaemonConfiguration(&reader, needsHotkey: false)
    let own = HosterSettings(&reader, epoch: common?.epoch)
    guard reader.problems.isEmpty, let common, let own else { throw CommandError.configuration(reader.problems) }
    return (common, own)
  }

  /// Reads what a validator needs.
  ///
  /// - Throws: ``CommandError`` `configuration.invalid` with everything that is wrong.
  static func validator(_ sources: SettingSources) throws -> (common: DaemonConfiguration, own: ValidatorSettings) {
    var reader = SettingsReader(sources)
    let common = DaemonConfiguration(&reader, needsHotkey: true)
    let own = ValidatorSettings(&reader)
    guard reader.problems.isEmpty, let common, let own else { throw CommandError.configuration(reader.problems) }
    return (common, own)
  }
}
