import Substrate
import Testing

@testable import Validator

/// An owner that names who alone may propose and attest.
@Suite("An emergency set under the running engine", .timeLimit(.minutes(10)))
struct EmergencySetTests {
  private static let set: [UInt32] = [1, 2, 3]

  @Test("§6 one of the set proposes, the others of it attest; who is outside does neither, and is told why")
  func emergency() async throws {
    let (subnet, members, last) = try await EngineSubnet.scored()
    let outsider = members[3]
    #expect(outsider.id == 4)
    let before = try await subnet.client.best().account(subnet.hotkey(4).accountID).nonce
    // Without the set nobody else would be elected.
    try await subnet.elect(4)
    try await subnet.pauseSubnet(seenBy: members)
    try await subnet.setEmergencyValidators(Self.set, seenBy: members)
    try await subnet.unpauseSubnet(seenBy: members)
    let epoch = last + 1
    try await subnet.advance(to: epoch, 0, seenBy: members)
    let state = try await subnet.client.best().subnet(EngineSubnet.subnetID)
    #expect(try await state.emergencyValidators() == Self.set)
    let elected = try #require(try await state.electedValidator(epoch: epoch))
    #expect(Self.set.contains(elected))
    try await subnet.reachConsensus(in: epoch, of: 3, seenBy: members)
    for member in members.prefix(3) {
      let duty = try await subnet.settle(member, in: epoch, seenBy: members)
      #expect(duty.key.duty == (member.id == elected ? .propose : .attest) && duty.state.name == "finalized", "\(duty)")
    }
    let missed = try await subnet.settle(outsider, in: epoch, seenBy: members)
    #expect(missed.key.duty == .attest && missed.state == .missed(.notInValidatorList), "\(missed)")
    #expect(missed.signature == nil)
    let submission = try #require(try await subnet.submission(epoch))
    #expect(submission.proposer == elected && submission.attestations.keys.sorted() == Self.set)
    // The node outside keeps its score: it is in the subnet.
    #expect(submission.scores.map(\.subnetNodeID) == [1, 2, 3, 4, 5])
    #expect(try await subnet.client.best().account(subnet.hotkey(4).accountID).nonce == before)
    #expect(outsider.engine.lastScored == epoch)

    try await subnet.revertEmergencyValidators(seenBy: members)
    let next = try await subnet.position().epoch + 1
    try await subnet.advanceToScores(of: next - 1, seenBy: members)
    try await subnet.advance(to: next, 0, seenBy: members)
    try await subnet.reachConsensus(in: next, of: 4, seenBy: members)
    #expect(try await subnet.submission(next)?.proposer == 4)
    let done = try await subnet.settle(outsider, in: next, seenBy: members)
    #expect(done.key.duty == .propose && done.state.name == "finalized", "\(done)")
    await subnet.close(members)
  }
}
