import ArgumentParser
import Substrate

struct NodeActivateSubnetCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "activate-subnet", abstract: "Activates a registered subnet; its owner signs.",
    discussion: """
      It needs its nodes, three at least, its delegate stake, and the right time. After the time for registrations an \
      attempt that fails removes the subnet: read what the trial says before you confirm.
      """)

  @OptionGroup var options: ChainOptions
  @OptionGroup var delivery: CallDelivery
  @Argument(help: "The subnet's id.") var subnet: UInt32

  func run() async throws {
    let accountKey = try delivery.signingKey()
    try await options.withClient { client in
      let state = try await client.best()
      let subnetState = state.subnet(subnet)
      guard let found = try await subnetState.subnet() else { throw CommandError.noSubnet(subnet, state) }
      let nodes = try await subnetState.nodes().count
      let after = try await delivery.deliver(
        HypertensorCall.activateSubnet(subnet).make(state.metadata()), by: accountKey, through: client,
        format: options.format,
        about: [
          ("subnet", .string("\(subnet) \(found.name)")), ("state", .string(found.state.rawValue)),
          ("nodes", JSONValue(nodes)), ("owner", found.owner.map { .string($0.description) } ?? .null),
        ])
      guard let after else { return }
      // The chain calls it a success, too, when it removes the subnet.
      guard let now = try await after.subnet(subnet).subnet(), now.state == .active else {
        throw CommandError(
          "node.subnet-removed", "subnet \(subnet) did not meet the conditions, and the chain removed it",
          remedy: "Register it anew; `validatord chain nodes` shows whether it has its nodes in time.", status: .failed)
      }
      if options.format == .table {
        Report.write(text: "active; it counts from general epoch \(now.startEpoch) on")
      }
    }
  }
}
