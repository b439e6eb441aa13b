import Substrate
import Testing

@testable import DevChain
@testable import Validator

/// Pauses that begin in mid-epoch, of the network and of the subnet alone.
@Suite("Pauses under the running engine", .timeLimit(.minutes(10)))
struct PauseTests {
  private func nonce(_ id: UInt32, in subnet: EngineSubnet) async throws -> UInt32 {
    try await subnet.client.best().account(subnet.hotkey(id).accountID).nonce
  }

  private func stake(_ id: UInt32, in subnet: EngineSubnet) async throws -> Planck {
    let state = try await subnet.client.best().subnet(EngineSubnet.subnetID)
    return try await state.stake(of: try #require(try await state.node(id)))
  }

  @Test("§8 the network is paused before an attestation: nothing is signed, it says why, and the next epoch is whole")
  func network() async throws {
    var (subnet, members, last) = try await EngineSubnet.scored()
    try await subnet.elect(2)
    let epoch = last + 1
    try await subnet.advance(to: epoch, 0, seenBy: members)
    // Node 1 is away while the others agree.
    await members[0].stop()
    let others = Array(members.dropFirst())
    try await subnet.reachConsensus(in: epoch, of: 3, seenBy: others)
    let before = try await nonce(1, in: subnet)
    try await subnet.set(Network.items.txPause().key, [1])
    members[0] = try await subnet.start(1)
    // Nobody is elected at the turn of the epoch, and nothing is settled.
    let missed = try await subnet.settle(members[0], in: epoch, seenBy: members)
    try await subnet.advance(to: epoch + 1, 2, seenBy: members)
    #expect(missed.key.duty == .attest && missed.state == .missed(.paused) && missed.signature == nil, "\(missed)")
    #expect(missed.detail == "the network is paused")
    #expect(try await subnet.submission(epoch)?.attestations.keys.sorted() == [2, 3, 4])
    #expect(try await subnet.client.best().subnet(EngineSubnet.subnetID).electedValidator(epoch: epoch + 1) == nil)
    for member in members {
      #expect(try await SubmissionJournal(member.store).duties(epoch: epoch + 1).isEmpty)
    }

    try await subnet.set(Network.items.txPause().key, nil)
    try await subnet.advanceToScores(of: epoch + 1, seenBy: members)
    #expect(try await nonce(1, in: subnet) == before)
    try await subnet.elect(1)
    try await subnet.advance(to: epoch + 2, 0, seenBy: members)
    try await subnet.reachConsensus(in: epoch + 2, of: 4, seenBy: members)
    for member in members {
      #expect(try await subnet.settle(member, in: epoch + 2, seenBy: members).state.name == "finalized")
    }
    #expect(try await nonce(1, in: subnet) == before + 1)
    await subnet.close(members)
  }

  @Test("§10 a subnet that its owner pauses in mid-epoch is judged on: its duties go on, in the pause and after it")
  func subnetAlone() async throws {
    let (subnet, members, last) = try await EngineSubnet.scored()
    try await subnet.elect(1)
    try await subnet.pauseSubnet(seenBy: members)
    #expect(try await subnet.client.best().subnet(EngineSubnet.subnetID).subnet()?.state == .paused)
    // One epoch in the pause, one in whose middle it ends, and one after it.
    for epoch in last + 1...last + 3 {
      try await subnet.advance(to: epoch, 0, seenBy: members)
      try await subnet.reachConsensus(in: epoch, of: 4, seenBy: members)
      let submission = try #require(try await subnet.submission(epoch))
      #expect(submission.proposer == 1 && submission.scores.map(\.subnetNodeID) == [1, 2, 3, 4, 5])
      for member in members {
        #expect(try await subnet.settle(member, in: epoch, seenBy: members).state.name == "finalized")
      }
      if epoch == last + 2 {
        try await subnet.unpauseSubnet(seenBy: members)
        #expect(try await subnet.client.best().subnet(EngineSubnet.subnetID).subnet()?.state == .active)
      }
      try await subnet.advanceToScores(of: epoch, seenBy: members)
      try await subnet.advance(to: epoch, 19, seenBy: members)
      let (before, height) = (try await stake(1, in: subnet), try await subnet.client.best().number)
      try await subnet.makeBlock(seenBy: members)
      // Who stayed away would have been paid nothing, and lost reputation.
      #expect(try await stake(1, in: subnet) > before, "block \(height + 1) paid nothing for epoch \(epoch)")
    }
    await subnet.close(members)
  }
}
