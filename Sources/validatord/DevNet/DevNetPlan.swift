import DevChain
import LibP2P
import Substrate

/// Who takes part in a local network: a bootnode, three validators, and five hosters of whom two don't play fair.
struct DevNetPlan: Sendable {
  let bootnode: DevNetNode
  /// By node id.
  let nodes: [DevNetNode]
  /// A second identity of the first hoster's node, for those who call the others beside the network: it proves stake,
  /// and no process has it.
  let guest: PrivateKey

  static let subnet = SubnetPreset.firstID
  private static let validators = 3
  private static let hosters: [(String, DevNetNode.Role)] = [
    ("hoster-1", .hoster), ("hoster-2", .hoster), ("hoster-3", .hoster), ("liar", .liar), ("silent", .silent),
  ]
  private static let stake = "200"
  private static let delegateStake = "10000"

  init() throws {
    guest = try PrivateKey.generate(.ed25519)
    var ports = try FreePorts.find(1 + Self.validators + Self.hosters.count)[...]
    bootnode = try DevNetNode("bootnode", .bootnode, id: nil, port: ports.removeFirst())
    let roles = (1...Self.validators).map { ("validator-\($0)", DevNetNode.Role.validator) } + Self.hosters
    nodes = try zip(roles, ports).enumerated().map { index, node in
      try DevNetNode(node.0.0, node.0.1, id: UInt32(index + 1), port: node.1)
    }
  }

  var validators: [DevNetNode] { nodes.filter { $0.role == .validator } }

  func node(_ id: UInt32?) -> DevNetNode? { nodes.first { $0.id == id } }

  /// The subnet as it stands in the chain's first block. Hosters stay of class Included, so that the validators alone
  /// elect and attest.
  var preset: SubnetPreset {
    get throws {
      let owner = Genesis.developmentAccounts[0]
      let members = try nodes.compactMap { node -> SubnetPreset.Node? in
        guard let hotkey = node.hotkey, let coldkey = node.coldkey, let stake = Planck(tensor: Self.stake) else {
          return nil
        }
        var member = SubnetPreset.Node(
          hotkey: hotkey.accountID, coldkey: coldkey.accountID, peer: try node.peerInfo, stake: stake,
          nodeClass: node.role == .validator ? .validator : .included)
        if node.name == Self.hosters[0].0 { member.clientPeer = PeerInfo(peerID: guest.peerID.description) }
        return member
      }
      var preset = SubnetPreset(
        name: "devnet", owner: owner, bootnodes: [try bootnode.peerInfo], nodes: members, includedEpochs: .max)
      preset.delegateStake = Planck(tensor: Self.delegateStake) ?? 0
      return preset
    }
  }
}
