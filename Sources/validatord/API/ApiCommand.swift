import ArgumentParser

struct ApiCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "api", abstract: "Offers HTTP servers to the peers of a subnet, and calls those of others.",
    discussion: """
      A peer calls a route by its name; which server answers stands in the routes file of the peer that is called. \
      See docs/api-protocol.md.
      """,
    subcommands: [ApiServeCommand.self, ApiCallCommand.self])
}
