import DevChain
import Substrate
import Testing

@testable import Validator

/// Engines over real sockets, on a chain that has bad days.
@Suite("A bad chain under the running engine", .timeLimit(.minutes(10)))
struct BadChainTests {
  private static func parameters(_ version: UInt32, widened: Set<String> = []) -> RuntimeParameters {
    var parameters = RuntimeParameters(epochLength: 20)
    (parameters.specVersion, parameters.widenedCalls) = (version, widened)
    // A constant of the metadata.
    parameters.slotDuration += UInt64(version)
    return parameters
  }

  private func start(_ subnet: EngineSubnet, first: [String]? = nil) async throws -> [EngineSubnet.Member] {
    try subnet.serve(5, SumBackend())
    return try await [subnet.start(1, endpoints: first)] + subnet.start(2...4)
  }

  @Test("D-5 an endpoint that dies between election and proposal: the duty is done through the other one")
  func failover() async throws {
    let subnet = try await EngineSubnet()
    let dying = try await subnet.chain.listen()
    let members = try await start(subnet, first: [dying.webSocketURL, subnet.chain.webSocketURL])
    let epoch = try await subnet.advanceToElection(of: 2...4, seenBy: members)
    #expect(members[0].pool.status.allSatisfy { $0.state == .up })
    await dying.close()
    try await subnet.reachConsensus(in: epoch, of: 4, seenBy: members)
    #expect(try await subnet.settle(members[0], in: epoch, seenBy: members).state.name == "finalized")
    #expect(members[0].pool.status.contains { $0.state != .up })
    await subnet.close(members)
  }

  @Test("A runtime upgrade in mid-epoch: the metadata is read again, and the duty of the next epoch is signed for it")
  func upgrade() async throws {
    let subnet = try await EngineSubnet()
    let members = try await start(subnet)
    let before = try await subnet.client.best().runtime().codeHash
    let epoch = try await subnet.advanceToElection(of: 1...4, seenBy: members)
    try await subnet.reachConsensus(in: epoch, of: 4, seenBy: members)
    // What is in a block and not yet seen as final stays what it is.
    try await subnet.chain.upgrade(Self.parameters(2))
    let next = try await subnet.advanceToElection(of: 1...4, seenBy: members)
    try await subnet.reachConsensus(in: next, of: 4, seenBy: members)
    let after = try await subnet.client.best().runtime().codeHash
    #expect(before != after)
    for member in members {
      #expect(try await subnet.settle(member, in: epoch, seenBy: members).state.name == "finalized")
      let duty = try await subnet.settle(member, in: next, seenBy: members)
      #expect(duty.state.name == "finalized" && duty.signature?.extrinsic.codeHash == after)
    }
    await subnet.close(members)
  }

  @Test("Calls of a shape that nobody knows are not signed, by name; with the next runtime all goes on")
  func unknownShape() async throws {
    let subnet = try await EngineSubnet()
    let members = try await start(subnet)
    let start = try await subnet.position().epoch
    try await subnet.advance(to: start, 11, seenBy: members)
    try await subnet.chain.upgrade(Self.parameters(2, widened: ["propose_attestation", "attest"]))
    let epoch = try await subnet.advanceToElection(of: 1...4, seenBy: members)
    let elected = try #require(
      try await subnet.client.best().subnet(EngineSubnet.subnetID).electedValidator(epoch: epoch))
    let member = try #require(members.first { $0.id == elected })
    let duty = try await subnet.settle(member, in: epoch, seenBy: members)
    #expect(duty.key.duty == .propose && duty.state == .missed(.unknownRuntime) && duty.signature == nil)
    #expect(try await subnet.submission(epoch) == nil)
    try await subnet.chain.upgrade(Self.parameters(3))
    let next = try await subnet.advanceToElection(of: 1...4, seenBy: members)
    try await subnet.reachConsensus(in: next, of: 4, seenBy: members)
    await subnet.close(members)
  }

  @Test("A chain that stands still and loses its connections, and goes on: the duty is done in the same epoch")
  func stall() async throws {
    let subnet = try await EngineSubnet()
    let members = try await start(subnet)
    let epoch = try await subnet.advanceToElection(of: 1...4, seenBy: members)
    let height = try await subnet.client.best().number
    var faults = Faults()
    faults.stall = 3
    try await subnet.chain.setFaults(faults)
    try await subnet.chain.makeBlocks(3)
    try await subnet.chain.dropConnections()
    try await Task.sleep(for: .milliseconds(500))
    #expect(members.allSatisfy { $0.feed.moment?.best.number == height })
    try await subnet.reachConsensus(in: epoch, of: 4, seenBy: members)
    for member in members {
      #expect(try await subnet.settle(member, in: epoch, seenBy: members).state.name == "finalized")
    }
    await subnet.close(members)
  }

  @Test(
    "A fork without the proposal: the same bytes are in the new one, each duty has one signature, and the next works")
  func fork() async throws {
    let subnet = try await EngineSubnet(finalityLag: 5)
    let members = try await start(subnet)
    let epoch = try await subnet.advanceToElection(of: 1...4, seenBy: members)
    try await subnet.reachConsensus(in: epoch, of: 1, seenBy: members)
    let first = try #require(try await subnet.submission(epoch))
    let proposer = try #require(members.first { $0.id == first.proposer })
    let journal = SubmissionJournal(proposer.store)
    let key = DutyKey(
      SubnetIdentity(genesisHash: subnet.client.genesisHash, subnetID: EngineSubnet.subnetID), nodeID: proposer.id,
      epoch: epoch, duty: .propose)
    try await eventually("the proposal is seen in its block") { try await journal.duty(key)?.state.name == "included" }
    let best = try await subnet.client.best().number
    try await subnet.chain.retractBlocks(Int(best - first.block) + 1)
    let duty = try await subnet.settle(proposer, in: epoch, seenBy: members)
    #expect(duty.state.name == "finalized")
    #expect(try await journal.history(key).map(\.arrow).contains(.retract))
    let second = try #require(try await subnet.submission(epoch))
    #expect(second.proposer == first.proposer && second.scores == first.scores)
    // An attestation that waited with the proposal comes before it, and fails: that costs little and is not mended by a
    // second signature.
    for member in members {
      let duty = try await subnet.settle(member, in: epoch, seenBy: members)
      #expect(["finalized", "refused"].contains(duty.state.name), "\(duty)")
      let steps = try await SubmissionJournal(member.store).history(duty.key).map(\.arrow)
      #expect(steps.count { $0 == .sign } == 1)
      let isOnChain = try await subnet.submission(epoch)?.attestations[member.id] != nil
      #expect(isOnChain == (duty.state.name == "finalized"))
    }
    let next = try await subnet.advanceToElection(of: 1...4, seenBy: members)
    try await subnet.reachConsensus(in: next, of: 4, seenBy: members)
    await subnet.close(members)
  }

  @Test("S7 a chain that begins anew at the same address ends the engine, which signs nothing for it")
  func anew() async throws {
    let subnet = try await EngineSubnet()
    let members = try await start(subnet)
    _ = try await subnet.advanceToElection(of: 1...4, seenBy: members)
    let port = subnet.chain.port
    await subnet.chain.stop()
    var configuration = DevChainConfiguration()
    configuration.port = port
    configuration.blockTime = .every(.milliseconds(100))
    let other = try await DevChainServer.start(configuration, logger: EngineSubnet.silent)
    for member in members {
      await #expect {
        try await member.running.value
      } throws: { ($0 as? EpochError)?.kind == .wrongChain }
    }
    let pending = try await RPCCalls.count("author_pendingExtrinsics", other.webSocketURL)
    #expect(pending == 0)
    await other.stop()
    await subnet.close(members)
  }
}

/// Asks an endpoint without knowing its chain.
private enum RPCCalls {
  static func count(_ method: String, _ url: String) async throws -> Int {
    let connection = try await WebSocketConnection.connect(to: RPCEndpoint(url))
    let answer = try await connection.call(method, [], timeout: nil)
    await connection.close()
    return answer.arrayValue?.count ?? -1
  }
}
