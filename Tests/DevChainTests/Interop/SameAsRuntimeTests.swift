import Foundation
import Substrate
import Testing

@testable import DevChain

/// The same extrinsics, byte for byte, to the simulated chain and to the published runtime, from the same state: after
/// each block the whole storage of the Network pallet and its events have to be equal.
@Suite("The published runtime, side by side", .enabled(if: RealRuntime.isAvailable), .serialized)
struct SameAsRuntimeTests {
  /// Who attests in an epoch: nodes by id, besides the proposer.
  private static let plan: [(attest: Int, after: UInt64)] = [
    (5, 1), (0, 1), (-1, 0), (2, 3), (3, 1), (5, 8), (4, 12), (5, 1),
  ]

  @Test("Scores, rewards, slashes, reputation, classes and events over eight epochs")
  func epochs() async throws {
    try await RealRuntime.with { real in
      let pair = try Pairing(real)
      for step in Self.plan {
        try await pair.beginEpoch()
        guard step.attest >= 0 else {
          try await pair.finishEpoch()
          continue
        }
        let elected = try pair.elected()
        try await pair.send([pair.proposal(by: elected)])
        for _ in 1..<max(1, step.after) { try await pair.advance() }
        try await pair.send(pair.attestations(except: elected, count: step.attest))
        try await pair.finishEpoch()
      }
      #expect(pair.compared > 150)
    }
  }

  @Test("Registering, staking, updating, pausing and removing")
  func operations() async throws {
    try await RealRuntime.with { real in
      let pair = try Pairing(real)
      try await pair.beginEpoch()
      for call in try pair.operations() { try await pair.send([call]) }
      try await pair.finishEpoch()
      try await pair.beginEpoch()
      try await pair.finishEpoch()
      #expect(pair.compared > 20)
    }
  }
}

/// Two chains that get the same.
private final class Pairing {
  private let real: RealRuntime
  private let own: Simulation
  private let nodes: [RecordedNode]
  private let published: RuntimeMetadata
  private let subnet = Recorded.subnet
  /// Blocks that were compared.
  private(set) var compared = 0

  init(_ real: RealRuntime) throws {
    self.real = real
    own = try Simulation.five()
    nodes = try Recorded.nodes()
    published = try Recorded.metadata()
  }

  // MARK: Steps

  /// Goes to the next block in which the subnet's epoch turns, if not there already.
  func beginEpoch() async throws {
    repeat { try await advance() } while own.node.chain.head.header.number % 20 != 3
  }

  /// Goes to the last block of the epoch.
  func finishEpoch() async throws {
    while own.node.chain.head.header.number % 20 != 2 { try await advance() }
  }

  func elected() throws -> RecordedNode {
    let epoch = own.node.chain.runtime.subnetEpoch(subnet)
    let id = try #require(own.storage.stored(Network.items.subnetElectedValidator(subnet, epoch)))
    return try #require(nodes.first { $0.id == id })
  }

  func proposal(by node: RecordedNode) throws -> [UInt8] {
    let scores = nodes.map { ConsensusSubmission.Score(subnetNodeID: $0.id, score: FixedU128(UInt128($0.id) * 7 + 3)) }
    return try own.sign(
      .proposeAttestation(subnet: subnet, node: node.id, scores: scores, attestData: [1, 2, 3]), node.hotkey)
  }

  func attestations(except elected: RecordedNode, count: Int) throws -> [[UInt8]] {
    let others = nodes.filter { $0.id != elected.id && isValidator($0) }
    return try others.prefix(count).map { try own.sign(.attest(subnet: subnet, node: $0.id), $0.hotkey) }
  }

  private func isValidator(_ node: RecordedNode) -> Bool {
    let epoch = own.node.chain.runtime.subnetEpoch(subnet)
    return own.storage.stored(Network.items.subnetNodesData(subnet, node.id))?.has(.validator, at: epoch) == true
  }

  /// Calls of coldkeys, hotkeys and the owner, good ones and bad ones.
  func operations() throws -> [[UInt8]] {
    let (first, second, queued) = (nodes[0], nodes[1], nodes[5])
    let key = try AccountKey(secret: [UInt8](repeating: 0, count: 31) + [7])
    var new = HypertensorCall.NodeRegistration(
      hotkey: key.accountID, peer: .generated("A"), stake: Planck(100 * FixedPoint.one),
      maximumBurn: Planck(FixedPoint.one))
    new.bootnodePeer = .generated("B")
    new.unique = [9, 9]
    var again = new
    again.hotkey = try AccountKey(secret: [UInt8](repeating: 0, count: 31) + [8]).accountID
    func signed(_ call: HypertensorCall, _ key: AccountKey) throws -> [UInt8] { try own.sign(call, key) }
    func network(_ name: String, _ arguments: [CallArgument]) -> HypertensorCall {
      HypertensorCall(CallName("Network", name), arguments)
    }
    let subnetArgument = CallArgument("subnet_id", .unsigned(UInt128(subnet)))
    func amount(_ name: String, _ tensor: UInt128) -> CallArgument {
      CallArgument(name, .unsigned(tensor * FixedPoint.one))
    }
    return [
      try signed(.registerSubnetNode(subnet: subnet, new), second.coldkey),
      try signed(.registerSubnetNode(subnet: subnet, new), second.coldkey),
      try signed(.registerSubnetNode(subnet: subnet, again), second.coldkey),
      try signed(
        .addStake(
          subnet: subnet, node: first.id, hotkey: first.hotkey.accountID, amount: Planck(5 * FixedPoint.one)),
        first.coldkey),
      try signed(
        .addStake(
          subnet: subnet, node: first.id, hotkey: first.hotkey.accountID, amount: Planck(5000 * FixedPoint.one)),
        first.coldkey),
      try signed(
        .addStake(subnet: subnet, node: first.id, hotkey: first.hotkey.accountID, amount: 1), second.coldkey),
      try signed(network("add_to_delegate_stake", [subnetArgument, amount("stake_to_be_added", 25)]), second.coldkey),
      try signed(network("add_to_delegate_stake", [subnetArgument, amount("stake_to_be_added", 3)]), first.coldkey),
      try signed(
        network("remove_delegate_stake", [subnetArgument, amount("shares_to_be_removed", 2)]), second.coldkey),
      try signed(
        network(
          "remove_stake",
          [
            subnetArgument, CallArgument("hotkey", .bytes(first.hotkey.accountID.bytes)),
            amount("stake_to_be_removed", 2),
          ]), first.coldkey),
      try signed(network("claim_unbondings", []), first.coldkey),
      try signed(
        network(
          "update_unique",
          [
            subnetArgument, CallArgument("subnet_node_id", .unsigned(UInt128(second.id))),
            CallArgument("unique", .option(.bytes([4, 2]))),
          ]), second.hotkey),
      try signed(network("owner_pause_subnet", [subnetArgument]), second.coldkey),
      try signed(network("owner_pause_subnet", [subnetArgument]), first.coldkey),
      try signed(network("owner_unpause_subnet", [subnetArgument]), first.coldkey),
      try signed(.removeSubnetNode(subnet: subnet, node: queued.id), queued.hotkey),
      try signed(.attest(subnet: subnet, node: second.id), second.hotkey),
    ]
  }

  // MARK: Comparing

  /// Sends to both, and makes a block with it.
  func send(_ extrinsics: [[UInt8]]) async throws {
    for extrinsic in extrinsics {
      let theirs = try await real.submit(extrinsic)
      let answer = own.call("author_submitExtrinsic", [JSONValue(hex: extrinsic)])
      let mine = answer["error"].map { "\($0["code"] ?? .null) \($0["data"] ?? .null)" }
      #expect(mine == theirs)
    }
    try await advance()
  }

  /// Makes a block on both, lets the published one draw, and compares.
  func advance() async throws {
    try await real.makeBlock()
    _ = own.node.makeBlock()
    try await takeElection()
    try await compareStorage()
    try await compareEvents()
    compared += 1
  }

  /// The draw is the one thing that is not the same: block hashes differ.
  private func takeElection() async throws {
    let epoch = own.node.chain.runtime.subnetEpoch(subnet)
    let slot = Network.items.subnetElectedValidator(subnet, epoch)
    let theirs = try await real.value(slot.key)
    #expect((theirs != nil) == own.storage.contains(slot), "an election in epoch \(epoch)")
    own.node.chain.override([slot.key: theirs])
  }

  private func compareStorage() async throws {
    let prefix = Twox.hash128(Array("Network".utf8))
    let theirs = try await real.values(prefix)
    let mine = own.storage.keys(prefix).reduce(into: [[UInt8]: [UInt8]]()) { $0[$1] = own.storage.raw($1) }
    let block = own.node.chain.head.header.number
    for key in Set(theirs.keys).union(mine.keys) where theirs[key] != mine[key] {
      Issue.record(
        "block \(block): \(describe(key)): \(decode(key, theirs[key])) there, \(decode(key, mine[key])) here")
    }
  }

  private func compareEvents() async throws {
    let bytes = try await real.value(System.items.events.prefix) ?? [0]
    let theirs = try EventRecord.decode(bytes, metadata: published)
    let mine = try own.events()
    // The author's subsidy and the treasury are no part of the simulation.
    func kept(_ records: [EventRecord]) -> [EventRecord] {
      records.filter { record in
        record.pallet == "Network" || ["ExtrinsicFailed", "TransactionFeePaid"].contains(record.name)
          || record.phase != .initialization && record.pallet == "Balances"
      }
    }
    let (left, right) = (kept(theirs).map(Self.spell), kept(mine).map(Self.spell))
    #expect(left == right, "block \(own.node.chain.head.header.number)")
  }

  /// A failure without its weight, which the simulation does not measure.
  private static func spell(_ event: EventRecord) -> String {
    let error = event.content.field(ifPresent: "dispatch_error")
    return "\(event.phase) \(event.pallet).\(event.name) \((error ?? event.content).json)"
  }

  private func describe(_ key: [UInt8]) -> String {
    let item = Network.pallet.storage.first { key.starts(with: $0.prefix) }
    return (item?.name ?? "?") + " " + Hex.encode(key.dropFirst(32))
  }

  private func decode(_ key: [UInt8], _ value: [UInt8]?) -> String {
    guard let value else { return "nothing" }
    guard let item = Network.pallet.storage.first(where: { key.starts(with: $0.prefix) }),
      let declared = try? published.storage("Network", item.name),
      let decoded = try? declared.value(value, types: published.types)
    else { return Hex.encode(value) }
    return "\(decoded.json)"
  }
}

extension Substrate.PeerInfo {
  /// A peer id of the right form, with an address that the chain takes.
  fileprivate static func generated(_ letter: Character) -> Substrate.PeerInfo {
    let peer = "12D3KooW" + String(repeating: letter, count: 44)
    let multiaddr: [UInt8] = [4, 127, 0, 0, 1, 6, 0x1f, 0x90, 0xa5, 0x03, 2, UInt8(letter.asciiValue ?? 0), 0]
    return Substrate.PeerInfo(peerID: peer, multiaddr: multiaddr)
  }
}
