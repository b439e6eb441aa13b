import ArgumentParser

struct P2PCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "p2p", abstract: "Speaks with peers: is one there, who is it, where is another.",
    discussion: """
      These commands make a peer of their own for the moment, with a new identity unless --key names one. \
      Addresses are multiaddrs such as /ip4/192.0.2.1/tcp/4001/p2p/12D3KooW… . Of a peer whose id alone is given, the \
      address is looked up at the peers that --bootstrap names.
      """,
    subcommands: [P2PPingCommand.self, P2PIdentifyCommand.self, P2PFindCommand.self, P2PListenCommand.self])
}
