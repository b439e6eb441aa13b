import ArgumentParser
import Substrate

struct ChainNodesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "nodes", abstract: "Lists the nodes of a subnet, those in its queue included.")

  @OptionGroup var options: ChainOptions
  @Argument(help: "The subnet's id.") var subnet: UInt32

  func run() async throws {
    try await options.withState { state in
      let subnetState = state.subnet(subnet)
      guard try await subnetState.subnet() != nil else { throw CommandError.noSubnet(subnet, state) }
      let nodes = try await NodeReport.read(subnetState)
      switch options.format {
      case .json: Report.write(.array(nodes.map(\.json)))
      case .table:
        Report.write(
          headings: ["ID", "CLASS", "SINCE", "STAKE", "REPUTATION", "HOTKEY", "COLDKEY", "PEER ID"],
          rows: nodes.map(\.row), right: [0, 2, 3, 4])
      }
    }
  }
}

struct ChainNodeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "node", abstract: "Shows one node of a subnet.")

  @OptionGroup var options: ChainOptions
  @Argument(help: "The subnet's id.") var subnet: UInt32
  @Argument(help: "The node's id, its hotkey's address, or one of its peer ids.") var node: String

  func run() async throws {
    try await options.withState { state in
      let subnetState = state.subnet(subnet)
      guard let id = try await find(subnetState), let node = try await subnetState.node(id) else {
        throw CommandError(
          "chain.no-node", "subnet \(subnet) has no node \(self.node) at block \(state.number)",
          remedy: "`validatord chain nodes \(subnet)` lists them.", status: .failed)
      }
      let report = try await NodeReport(node, subnetState)
      switch options.format {
      case .json: Report.write(report.json)
      case .table: Report.write(rows: report.details)
      }
    }
  }

  private func find(_ subnet: SubnetState) async throws -> UInt32? {
    if let id = UInt32(node) { return id }
    if node.hasPrefix("0x") { return try await subnet.nodeID(hotkey: try AccountID(node)) }
    return try await subnet.nodeID(peerID: node)
  }
}

/// A node with what the chain keeps about it elsewhere.
struct NodeReport: Sendable {
  let node: SubnetNode
  let hotkey: AccountID?
  let coldkey: AccountID?
  let stake: Planck
  let reputation: FixedU128

  init(_ node: SubnetNode, _ subnet: SubnetState) async throws {
    self.node = node
    async let hotkey = subnet.hotkey(of: node)
    async let coldkey = subnet.coldkey(of: node)
    async let stake = subnet.stake(of: node)
    async let reputation = subnet.reputation(of: node.id)
    self.hotkey = try await hotkey
    self.coldkey = try await coldkey
    self.stake = try await stake
    self.reputation = try await reputation
  }

  /// All nodes, read side by side.
  static func read(_ subnet: SubnetState) async throws -> [NodeReport] {
    try await withThrowingTaskGroup(of: NodeReport.self) { group in
      for node in try await subnet.nodes() { group.addTask { try await NodeReport(node, subnet) } }
      return try await group.reduce(into: []) { $0.append($1) }.sorted { $0.node.id < $1.node.id }
    }
  }

  var row: [String] {
    [
      "\(node.id)", node.nodeClass.description, "\(node.startEpoch)", stake.tensor, reputation.percent,
      hotkey?.description ?? "–", coldkey?.description ?? "–", node.peer.peerID,
    ]
  }

  var details: [(String, String)] {
    [
      ("node", "\(node.id)"), ("class", "\(node.nodeClass) since subnet epoch \(node.startEpoch)"),
      ("stake", "\(stake.tensor) TENSOR"), ("reputation", reputation.percent),
      ("hotkey", hotkey?.description ?? "–"), ("coldkey", coldkey?.description ?? "–"),
      ("peer", Self.text(node.peer)), ("bootnode peer", node.bootnodePeer.map(Self.text) ?? "–"),
      ("client peer", node.clientPeer.map(Self.text) ?? "–"),
      ("delegate reward rate", node.delegateRewardRate.map(\.percent) ?? "–"),
      ("unique", node.unique.map(Self.text) ?? "–"), ("non-unique", node.nonUnique.map(Self.text) ?? "–"),
    ]
  }

  var json: JSONValue {
    [
      "id": JSONValue(node.id), "class": .string(node.nodeClass.description),
      "startEpoch": JSONValue(node.startEpoch), "stake": .string("\(stake)"), "reputation": .string("\(reputation)"),
      "hotkey": hotkey.map { .string($0.hex) } ?? .null, "coldkey": coldkey.map { .string($0.hex) } ?? .null,
      "validatorId": node.validatorID.map { JSONValue($0) } ?? .null,
      "peer": Self.json(node.peer), "bootnodePeer": node.bootnodePeer.map(Self.json) ?? .null,
      "clientPeer": node.clientPeer.map(Self.json) ?? .null,
      "delegateRewardRate": node.delegateRewardRate.map { .string("\($0)") } ?? .null,
      "unique": node.unique.map { .string(Hex.encode($0)) } ?? .null,
      "nonUnique": node.nonUnique.map { .string(Hex.encode($0)) } ?? .null,
    ]
  }

  private static func json(_ peer: PeerInfo) -> JSONValue {
    ["peerId": .string(peer.peerID), "multiaddr": peer.multiaddr.map { .string(Hex.encode($0)) } ?? .null]
  }

  private static func text(_ peer: PeerInfo) -> String {
    peer.multiaddr.map { "\(peer.peerID) at \(text($0))" } ?? peer.peerID
  }

  /// Printable ASCII as text, anything else as hex.
  private static func text(_ bytes: [UInt8]) -> String {
    !bytes.isEmpty && bytes.allSatisfy { (0x20..<0x7f).contains($0) }
      ? String(decoding: bytes, as: UTF8.self) : Hex.encode(bytes)
  }
}
