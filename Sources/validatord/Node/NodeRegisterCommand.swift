import ArgumentParser
import Foundation
import LibP2P
import Substrate
import Validator

struct NodeRegisterCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "register", abstract: "Registers a node in a subnet, with its stake.",
    discussion: """
      The coldkey pays the stake and the small amount that a registration burns, and owns both. While the subnet is not \
      active yet the node becomes a validator at once; later it waits in the queue and rises class by class.
      """)

  @OptionGroup var options: ChainOptions
  @OptionGroup var delivery: CallDelivery
  @Argument(help: "The subnet's id.") var subnet: UInt32
  @Option(help: ArgumentHelp("The hotkey that will sign for the node: its key file or its address.", valueName: "key"))
  var hotkey: String
  @OptionGroup var peer: PeerOptions
  @Option(help: "What is staked, in TENSOR; the subnet's minimum and 5 TENSOR for slashes unless given.")
  var stake: String?
  @Option(help: "The most that the registration may burn, in TENSOR.") var maxBurn = "0.001"
  @Option(help: ArgumentHelp("What delegates of the node get of its rewards.", valueName: "percent"))
  var delegateRewardRate = "0"
  @Option(help: ArgumentHelp("Data that no other node of the subnet may have.", valueName: "text")) var unique: String?
  @Option(help: ArgumentHelp("Data that others may have, too.", valueName: "text")) var nonUnique: String?

  /// What is staked above the minimum: a node with the minimum alone loses its proof of stake with its first slash.
  private static let slack = "5"

  func run() async throws {
    let accountKey = try delivery.signingKey()
    let hotkey = try NodeTarget.account(self.hotkey)
    let peer = try await peer.read()
    try await options.withClient { client in
      let state = try await client.best()
      let subnetState = state.subnet(subnet)
      guard let found = try await subnetState.subnet() else { throw CommandError.noSubnet(subnet, state) }
      let metadata = try await state.metadata()
      var node = HypertensorCall.NodeRegistration(
        hotkey: hotkey, peer: peer, stake: try amount(found), maximumBurn: try NodeTarget.planck(maxBurn))
      node.delegateRewardRate = try NodeTarget.percent(delegateRewardRate)
      node.unique = unique.map { Array($0.utf8) }
      node.nonUnique = nonUnique.map { Array($0.utf8) }
      node.validatorID = try await validator(accountKey.accountID, state, metadata)
      let after = try await delivery.deliver(
        HypertensorCall.registerSubnetNode(subnet: subnet, node).make(metadata), by: accountKey, through: client,
        format: options.format,
        about: [
          ("subnet", .string("\(subnet) \(found.name)")), ("stake", .string("\(node.stake.tensor) TENSOR")),
          ("hotkey", .string(hotkey.description)), ("peer", .string(peer.peerID)),
        ])
      guard let after, options.format == .table else { return }
      if let id = try await after.subnet(subnet).nodeID(hotkey: hotkey) { Report.write(text: "node \(id)") }
      try await remind(hotkey, after)
    }
  }

  private func amount(_ subnet: Subnet) throws -> Planck {
    if let stake { return try NodeTarget.planck(stake) }
    return subnet.minimumStake.saturatingAdding(try NodeTarget.planck(Self.slack))
  }

  /// Generation C: the validator that the coldkey owns, which has to be there before its nodes.
  private func validator(
    _ coldkey: AccountID, _ state: BlockState, _ metadata: RuntimeMetadata
  ) async throws -> UInt32? {
    guard (try? metadata.storage("Network", "ColdkeyValidatorId")) != nil else { return nil }
    guard let id = try await state.stored("Network", "ColdkeyValidatorId", .bytes(coldkey.bytes)) else {
      throw CommandError(
        "node.no-validator", "\(coldkey) is no validator yet, which this chain wants before its first node",
        remedy: "Send `validatord chain call Network.register_validator hotkey=… delegate_reward_rate=0 …` first.",
        status: .failed)
    }
    return try id.integer()
  }

  /// A hotkey without money can't act, although what it does costs next to nothing.
  private func remind(_ hotkey: AccountID, _ state: BlockState) async throws {
    let balance = try await state.account(hotkey).spendable
    guard balance < DutySettings.balanceAlarm else { return }
    Report.write(
      text: "The hotkey has \(balance.tensor) TENSOR: send it 0.01 for fees, or it can neither propose nor attest.")
  }
}

/// Which peer a node is, and where it is reached.
struct PeerOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The peer key file of the node.", valueName: "file")) var peerKey: String?
  @Option(help: ArgumentHelp("The peer id of the node, instead of its key file.", valueName: "id")) var peer: String?
  @Option(
    help: ArgumentHelp(
      "Where peers reach it, such as /ip4/192.0.2.1/tcp/4001; they look it up through bootnodes if this is left out.",
      valueName: "address"),
    transform: { try Multiaddr($0) })
  var multiaddr: Multiaddr?

  func validate() throws {
    guard (peerKey == nil) != (peer == nil) else { throw ValidationError("give one of --peer-key and --peer") }
  }

  func read() async throws -> PeerInfo {
    try await P2PFailure.translate {
      let id = try peerKey.map { try PeerKeyFile.read($0).publicKey }.map(PeerID.init) ?? PeerID(peer ?? "")
      let address = try multiaddr.map { try $0.peerID == nil ? $0.withPeer(id) : $0 }
      guard address?.peerID ?? id == id else {
        throw CommandError("usage.peer", "the multiaddr is that of another peer than \(id)")
      }
      return PeerInfo(peerID: id.description, multiaddr: address?.bytes)
    }
  }
}
