import ArgumentParser
import Foundation
import Substrate

struct ChainCallCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "call", abstract: "Builds a call from its name and arguments, and sends it.",
    discussion: """
      Arguments are name=value, the value as JSON or text: subnet_id=1 attest_data=null. Without --key the call \
      is only shown. With --dry-run it is signed and tried on a copy of the best block's state; nothing is sent.
      """)

  @OptionGroup var options: ChainOptions
  @OptionGroup var delivery: CallDelivery
  @Argument(help: ArgumentHelp("The call, such as Network.attest.", valueName: "pallet.call")) var call: String
  @Argument(help: ArgumentHelp("Its arguments.", valueName: "name=value")) var arguments: [String] = []

  func run() async throws {
    let name = try QualifiedName(call)
    let given = try arguments.map(Self.argument)
    let accountKey = try delivery.key.loadIfGiven()
    try await options.withClient { client in
      let metadata = try await client.best().metadata()
      let made = try metadata.makeCall(CallName(name.pallet, name.member), given)
      guard let accountKey else {
        try CallReport(made, metadata).write(options.format)
        if !delivery.dryRun, options.format == .table {
          Report.write(text: "Give --key to sign it; nothing was sent.")
        }
        return
      }
      try await delivery.deliver(made, by: accountKey, through: client, format: options.format)
    }
  }

  private static func argument(_ text: String) throws -> CallArgument {
    guard let equals = text.firstIndex(of: "="), equals != text.startIndex else {
      throw CommandError("usage.argument", "\(text) is not name=value", remedy: "Write subnet_id=1.")
    }
    return CallArgument(String(text[..<equals]), JSONArgument.value(String(text[text.index(after: equals)...])))
  }
}
