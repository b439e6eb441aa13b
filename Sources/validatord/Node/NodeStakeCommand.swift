import ArgumentParser
import Substrate

struct NodeStakeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stake", abstract: "Adds to a node's stake, takes from it, or claims what has cooled down.",
    subcommands: [NodeStakeAddCommand.self, NodeStakeRemoveCommand.self, NodeStakeClaimCommand.self])
}

/// What adding and removing have in common.
struct StakeChange: ParsableArguments {
  @OptionGroup var options: ChainOptions
  @OptionGroup var delivery: CallDelivery
  @OptionGroup var target: NodeTarget
  @Argument(help: "How much, in TENSOR.") var amount: String

  /// - Parameters:
  ///   - call: makes the call for a node id, its hotkey and the amount.
  ///   - change: what becomes of the stake.
  func deliver(
    _ call: (UInt32, AccountID, Planck) -> HypertensorCall, _ change: (Planck, Planck) -> Planck
  ) async throws {
    let accountKey = try delivery.signingKey()
    let amount = try NodeTarget.planck(amount)
    try await options.withClient { client in
      let state = try await client.best()
      let holder = try await StakeHolder(target, state)
      let after = change(holder.stake, amount)
      try await delivery.deliver(
        call(holder.nodeID, holder.hotkey, amount).make(state.metadata()), by: accountKey, through: client,
        format: options.format,
        about: [
          ("subnet", JSONValue(target.subnet)), ("hotkey", .string(holder.hotkey.description)),
          ("stake", .string("\(holder.stake.tensor) TENSOR")), ("stakeAfter", .string("\(after.tensor) TENSOR")),
          ("minimum", .string("\(holder.minimum.tensor) TENSOR")),
        ])
    }
  }
}

/// Whose stake it is. The stake of a node that was removed is still its hotkey's.
private struct StakeHolder {
  let nodeID: UInt32
  let hotkey: AccountID
  let stake: Planck
  let minimum: Planck

  init(_ target: NodeTarget, _ state: BlockState) async throws {
    let subnet = state.subnet(target.subnet)
    minimum = try await subnet.subnet()?.minimumStake ?? 0
    do {
      let node = try await target.find(state)
      guard let hotkey = try await subnet.hotkey(of: node) else {
        throw CommandError("chain.no-hotkey", "node \(node.id) has no hotkey", status: .failed)
      }
      (nodeID, self.hotkey, stake) = (node.id, hotkey, try await subnet.stake(of: node))
    } catch let error as CommandError where error.code == "chain.no-node" && target.node.hasPrefix("0x") {
      hotkey = try AccountID(target.node)
      let key: [ScaleValue] = [.bytes(hotkey.bytes), .unsigned(UInt128(target.subnet))]
      guard let value = try await state.stored("Network", "AccountSubnetStake", key[0], key[1]) else { throw error }
      (nodeID, stake) = (0, try Self.planck(value))
    }
  }

  private static func planck(_ value: ScaleValue) throws -> Planck { Planck(try value.integer()) }
}

struct NodeStakeAddCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "add", abstract: "Adds to the stake of a node.")

  @OptionGroup var change: StakeChange

  func run() async throws {
    try await change.deliver { [change] node, hotkey, amount in
      .addStake(subnet: change.target.subnet, node: node, hotkey: hotkey, amount: amount)
    } _: {
      Planck($0.value.addingReportingOverflow($1.value).partialValue)
    }
  }
}

struct NodeStakeRemoveCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "remove", abstract: "Takes from the stake of a node.",
    discussion: """
      The amount cools down before `validatord node stake claim` pays it out. Below the subnet's minimum the node has \
      no proof of stake any more, and its peers stop talking with it.
      """)

  @OptionGroup var change: StakeChange

  func run() async throws {
    try await change.deliver { [change] node, hotkey, amount in
      .removeStake(subnet: change.target.subnet, node: node, hotkey: hotkey, amount: amount)
    } _: {
      $0.saturatingSubtracting($1)
    }
  }
}

struct NodeStakeClaimCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "claim", abstract: "Pays out what was taken from stakes and has cooled down.")

  @OptionGroup var options: ChainOptions
  @OptionGroup var delivery: CallDelivery

  func run() async throws {
    let accountKey = try delivery.signingKey()
    try await options.withClient { client in
      let state = try await client.best()
      let before = try await state.account(accountKey.accountID).free
      let after = try await delivery.deliver(
        HypertensorCall.claimUnbondings.make(state.metadata()), by: accountKey, through: client, format: options.format,
        about: [("balance", .string("\(before.tensor) TENSOR"))])
      guard let after, options.format == .table else { return }
      Report.write(text: "balance \(try await after.account(accountKey.accountID).free.tensor) TENSOR")
    }
  }
}
