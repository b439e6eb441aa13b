import Substrate
import Testing

@testable import Validator

/// What the elected node may put on chain, and what engines that see it there make of it.
@Suite("Bad proposals on chain", .timeLimit(.minutes(5)))
struct BadProposalTests {
  /// The call as a client makes it that does not sort and check.
  private static func proposal(_ scores: [(UInt32, FixedU128)]) -> HypertensorCall {
    let data = scores.map { id, score in
      ScaleValue.fields([.init("subnet_node_id", .unsigned(UInt128(id))), .init("score", .unsigned(score.value))])
    }
    let none = ScaleValue.option(nil)
    return HypertensorCall(
      CallName("Network", "propose_attestation"),
      [
        CallArgument("subnet_id", .unsigned(UInt128(EngineSubnet.subnetID))), CallArgument("data", .sequence(data)),
        CallArgument("prioritize_queue_node_id", none), CallArgument("remove_queue_node_id", none),
        CallArgument("args", none), CallArgument("attest_data", none),
      ])
  }

  private static let one = FixedU128.one
  private static let kinds: [(what: String, scores: [(UInt32, FixedU128)], reason: MissReason)] = [
    ("a node twice", [(1, one), (2, one), (1, one), (3, one), (4, one), (5, one)], .faultyProposal),
    ("a node left out", [(1, one), (2, one), (4, one), (5, one)], .faultyProposal),
    ("a wrong score", [(1, one), (2, one), (3, 0), (4, one), (5, one)], .differsFromProposal),
    ("nothing", [], .faultyProposal),
    // The chain does not take it.
    ("a sum beyond its bounds", [(1, FixedU128(.max)), (2, FixedU128(.max))], .noProposal),
  ]

  @Test("§10 duplicates, omissions, wrong scores, nothing, overflow: nobody attests, and the reason is kept")
  func refused() async throws {
    let subnet = try await EngineSubnet()
    try subnet.serve(5, SumBackend())
    let members = try await subnet.start(1...3)
    try subnet.serve(4, nil)
    try await subnet.elect(5)
    let key = try subnet.hotkey(5)
    for kind in Self.kinds {
      let epoch = try await subnet.advanceToElection(of: 5...5, seenBy: members)
      let call = Self.proposal(kind.scores)
      let context = try await subnet.client.signingContext(for: key.accountID)
      try await subnet.client.submit(try context.sign(call, with: Signer(key, allowing: [call.name])))
      for member in members {
        let duty = try await subnet.settle(member, in: epoch, seenBy: members)
        #expect(duty.state == .missed(kind.reason) && duty.signature == nil, "\(kind.what): \(duty)")
        #expect((duty.detail == nil) == (kind.reason == .noProposal), "\(kind.what): \(duty)")
      }
      let attested = try await subnet.submission(epoch)?.attestations.keys.sorted()
      #expect(attested == (kind.reason == .noProposal ? nil : [5]), "\(kind.what)")
    }
    await subnet.close(members)
  }
}
