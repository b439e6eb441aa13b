import ArgumentParser

struct NodeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "node", abstract: "Brings a node into a subnet, and looks after its stake.",
    discussion: """
      What changes the chain is signed by the coldkey, which the daemons never need: keep it on another machine. Every \
      call is tried on a copy of the chain's state and shown before it is sent.
      """,
    subcommands: [
      NodeRegisterCommand.self, NodeActivateSubnetCommand.self, NodeStakeCommand.self, NodeStatusCommand.self,
    ])
}
