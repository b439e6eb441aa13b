import Substrate
import Validator

/// What the chain says about a node, and what its operator should do about it (spec/chain.md §10).
struct NodeExamination: Sendable {
  let subnet: Subnet
  let node: SubnetNode
  let hotkey: AccountID?
  let coldkey: AccountID?
  let stake: Planck
  let reputation: FixedU128
  let hotkeyBalance: Planck?
  let coldkeyBalance: Planck?
  let epoch: UInt32?
  let elected: UInt32?
  let isStaked: StakeVerdict
  let parameters: ConsensusParameters

  init(_ node: SubnetNode, _ subnet: Subnet, _ state: BlockState) async throws {
    let subnetState = state.subnet(subnet.id)
    self.node = node
    self.subnet = subnet
    hotkey = try await subnetState.hotkey(of: node)
    coldkey = try await subnetState.coldkey(of: node)
    stake = try await subnetState.stake(of: node)
    reputation = try await subnetState.reputation(of: node.id)
    hotkeyBalance = if let hotkey { try await state.account(hotkey).spendable } else { nil }
    coldkeyBalance = if let coldkey { try await state.account(coldkey).spendable } else { nil }
    let clock = try await subnetState.clock()
    epoch = clock?.epoch(at: state.number)
    elected = if let epoch { try await subnetState.electedValidator(epoch: epoch) } else { nil }
    parameters = try await state.consensusParameters()
    let proof = ProofOfStake(
      .init(StakeRequirement(subnetID: subnet.id, minimumClass: .registered)), source: ChainStakeSource { state })
    isStaked = await proof.verdict(node.peer.peerID)
  }

  /// The least that should be staked: the minimum and some slashes on top.
  var comfortableStake: Planck {
    subnet.minimumStake.saturatingAdding(DutySettings.stakeReserve(parameters.maximumSlash))
  }

  var findings: [Finding] {
    var findings = [subnetFinding, classFinding, stakeFinding, proofFinding, reputationFinding]
    if let hotkeyBalance {
      findings.append(
        hotkeyBalance < DutySettings.balanceAlarm
          ? Finding(
            "balance.hotkey", node.nodeClass == .validator ? .failure : .warning,
            "the hotkey has \(hotkeyBalance.tensor) TENSOR, too little to act",
            remedy: "Send it 0.01 TENSOR; proposals and attestations give their fees back.")
          : Finding("balance.hotkey", .ok, "\(hotkeyBalance.tensor) TENSOR"))
    }
    return findings
  }

  private var subnetFinding: Finding {
    guard !parameters.isPaused else {
      return Finding("chain.pause", .warning, "the chain's calls are paused", remedy: "Wait; nothing can be signed.")
    }
    return switch subnet.state {
    case .active:
      Finding("subnet", .ok, "\(subnet.name) is active, its epoch is \(epoch.map { "\($0)" } ?? "not begun")")
    case .registered:
      Finding(
        "subnet", .warning, "\(subnet.name) is not active yet",
        remedy: "Its owner activates it: `validatord node activate-subnet \(subnet.id)`.")
    case .paused: Finding("subnet", .warning, "\(subnet.name) is paused by its owner", remedy: "Keep the node running.")
    }
  }

  private var classFinding: Finding {
    let text = "\(node.nodeClass) since subnet epoch \(node.startEpoch)"
    guard let epoch, node.startEpoch > epoch else {
      return switch node.nodeClass {
      case .registered:
        Finding(
          "class", .warning, text, remedy: "It waits in the subnet's queue; peers see its stake, nobody scores it yet.")
      case .idle, .included, .validator: Finding("class", .ok, text)
      }
    }
    return Finding(
      "class", .warning, "\(node.nodeClass) from subnet epoch \(node.startEpoch) on, now it is \(epoch)",
      remedy: "Wait: until then the node has no proof of stake.")
  }

  private var stakeFinding: Finding {
    let text = "\(stake.tensor) TENSOR, the subnet's minimum is \(subnet.minimumStake.tensor)"
    let remedy = "`validatord node stake add \(subnet.id) \(node.id) AMOUNT`, signed by the coldkey."
    if stake < subnet.minimumStake { return Finding("stake", .failure, text, remedy: remedy) }
    if stake < comfortableStake {
      return Finding("stake", .warning, text + ": one slash may end its proof of stake", remedy: remedy)
    }
    return Finding("stake", .ok, text)
  }

  private var proofFinding: Finding {
    switch isStaked {
    case .staked: Finding("proof-of-stake", .ok, "peers see it")
    case .notStaked:
      Finding(
        "proof-of-stake", .failure, "peers refuse \(node.peer.peerID)",
        remedy: "See the class and the stake of the node.")
    case .unknown(let unknown): Finding("proof-of-stake", .warning, "not known: \(unknown.reason)")
    }
  }

  private var reputationFinding: Finding {
    reputation < DutySettings.reputationAlarm
      ? Finding(
        "reputation", .warning, reputation.percent,
        remedy:
          "It falls with epochs in which the node proposes nothing or attests to what fails; see `validatord explain`.")
      : Finding("reputation", .ok, reputation.percent)
  }

  var json: JSONValue {
    [
      "subnet": JSONValue(subnet.id), "node": JSONValue(node.id), "class": .string(node.nodeClass.description),
      "startEpoch": JSONValue(node.startEpoch), "peer": .string(node.peer.peerID),
      "hotkey": hotkey.map { .string($0.description) } ?? .null,
      "coldkey": coldkey.map { .string($0.description) } ?? .null,
      "stake": .string("\(stake)"), "minimumStake": .string("\(subnet.minimumStake)"),
      "reputation": .string("\(reputation)"),
      "hotkeyBalance": hotkeyBalance.map { .string("\($0)") } ?? .null,
      "coldkeyBalance": coldkeyBalance.map { .string("\($0)") } ?? .null,
      "subnetEpoch": epoch.map { JSONValue($0) } ?? .null,
      "elected": .bool(elected == node.id), "findings": .array(findings.map(\.json)),
    ]
  }

  /// What a table shows before the findings.
  var facts: [(String, String)] {
    [
      ("node", "\(node.id) of subnet \(subnet.id)"), ("peer", node.peer.peerID),
      ("hotkey", hotkey?.description ?? "–"), ("coldkey", coldkey?.description ?? "–"),
      ("coldkey's balance", coldkeyBalance.map { "\($0.tensor) TENSOR" } ?? "–"),
      ("elected now", elected == node.id ? "yes" : "no"),
    ]
  }
}
