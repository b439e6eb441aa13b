import ArgumentParser
import Substrate
import Validator

struct ValidatorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "validator", abstract: "Is a validator of a subnet until it is stopped.",
    discussion: """
      Asks every hoster the epoch's tensor, scores the answers, keeps the evidence in its database, and proposes the \
      scores on chain or attests to those that the elected node proposed; each once and never twice. Prints one line \
      of JSON when it is ready. See docs/validator.md.
      """)

  @OptionGroup var options: ConfigurationOptions

  func run() async throws {
    let (common, own) = try DaemonConfiguration.validator(try options.sources)
    let hotkey = try await Hotkey.load(common.node)
    try await DaemonNode.run(common, role: .validator) { node in
      try ValidatorDaemon(node, own, hotkey).services
    }
  }
}
