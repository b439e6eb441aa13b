import Hoster
import Substrate
import Testing

@testable import Validator

/// Peers with real signatures, whose clocks are set in the middle of an epoch. The chain's blocks are the true time.
@Suite("Clocks that jump", .timeLimit(.minutes(10)))
struct ClockJumpTests {
  private static let hour = [3600.0, -3600.0]

  private func nonce(_ id: UInt32, in subnet: EngineSubnet) async throws -> UInt32 {
    try await subnet.client.best().account(subnet.hotkey(id).accountID).nonce
  }

  /// An epoch in which node 1 is elected: it proposes, everybody attests, and it has signed once.
  private func expectWhole(_ epoch: UInt32, _ members: [EngineSubnet.Member], in subnet: EngineSubnet) async throws {
    let before = try await nonce(1, in: subnet)
    try await subnet.advance(to: epoch, 0, seenBy: members)
    try await subnet.reachConsensus(in: epoch, of: members.count, seenBy: members)
    let submission = try #require(try await subnet.submission(epoch))
    #expect(submission.proposer == 1)
    #expect(submission.scores.map(\.subnetNodeID) == [1, 2, 3, 4, 5])
    #expect(submission.scores.allSatisfy { $0.score == .one })
    let duty = try await subnet.settle(members[0], in: epoch, seenBy: members)
    #expect(duty.state.name == "finalized")
    #expect(try await nonce(1, in: subnet) == before + 1)
    let steps = try await SubmissionJournal(members[0].store).history(duty.key)
    #expect(steps.count { $0.arrow == .sign } == 1)
  }

  @Test(
    "A validator's clock jumps before the challenge: it blames nobody, signs nothing, says why; then all is whole",
    arguments: hour)
  func beforeChallenge(_ jump: Double) async throws {
    let subnet = try await EngineSubnet(signing: .bySetClocks)
    for id in [4, 5] as [UInt32] { try subnet.serve(id, SumBackend()) }
    let members = try await subnet.start(1...3)
    let own = members[0]
    try await subnet.elect(2)
    let epoch = try await subnet.position().epoch
    let nonce = try await nonce(1, in: subnet)
    try await subnet.advance(to: epoch, 8, seenBy: members)
    subnet.signing?.set(1, by: jump)
    try await subnet.advance(to: epoch, 11, seenBy: members)
    try await eventually("the others have scores") {
      members.dropFirst().allSatisfy { $0.engine.lastScored == epoch }
    }
    try await eventually("the clock is told") {
      own.engine.health?.alarms(since: nil).contains(.wrongClock) == true
    }
    #expect(own.engine.health?.clockOffset.map { abs($0 - jump) < 20 } == true)
    // What node 1 is, it can still tell, so that the others agree about it, and do their duty without it.
    try await subnet.advance(to: epoch + 1, 0, seenBy: members)
    try await subnet.reachConsensus(in: epoch + 1, of: 2, seenBy: members)
    let submission = try #require(try await subnet.submission(epoch + 1))
    #expect(submission.attestations.keys.sorted() == [2, 3])
    #expect(submission.scores.filter { $0.score == .one }.map(\.subnetNodeID) == [1, 2, 3, 4, 5])
    #expect(own.engine.lastScored == nil)
    #expect(try await own.store.observations(epoch).isEmpty)
    #expect(try await self.nonce(1, in: subnet) == nonce)

    subnet.signing?.set(1, by: 0)
    try await subnet.elect(1)
    try await subnet.advanceToScores(of: epoch + 1, seenBy: members)
    #expect(own.engine.health?.alarms(since: nil).contains(.wrongClock) == false)
    try await expectWhole(epoch + 2, members, in: subnet)
    let missed = try await SubmissionJournal(own.store).duties(epoch: epoch + 1)
    #expect(missed.map(\.state) == [.missed(.noScores)] && missed.allSatisfy { $0.signature == nil })
    await subnet.close(members)
  }

  @Test(
    "A validator's clock jumps between the proposal and its attestation: it attests once, also after a restart",
    arguments: hour)
  func beforeAttestation(_ jump: Double) async throws {
    let subnet = try await EngineSubnet(signing: .bySetClocks)
    for id in [4, 5] as [UInt32] { try subnet.serve(id, SumBackend()) }
    var members = try await subnet.start(1...3)
    try await subnet.elect(2)
    let epoch = try await subnet.position().epoch
    let before = try await nonce(1, in: subnet)
    try await subnet.advanceToScores(of: epoch, seenBy: members)
    try await subnet.advance(to: epoch + 1, 0, seenBy: members)
    // Nobody can attest before the next block has the proposal.
    subnet.signing?.set(1, by: jump)
    try await subnet.reachConsensus(in: epoch + 1, of: 3, seenBy: members)
    #expect(try await subnet.settle(members[0], in: epoch + 1, seenBy: members).state.name == "finalized")
    await members[0].stop()
    members[0] = try await subnet.start(1)
    try await subnet.advance(to: epoch + 1, 18, seenBy: members)
    #expect(try await nonce(1, in: subnet) == before + 1)
    #expect(members[0].engine.lastScored == nil)
    subnet.signing?.set(1, by: 0)
    try await subnet.elect(1)
    try await subnet.advanceToScores(of: epoch + 2, seenBy: members)
    // Elected without scores of the epoch before: nothing is on chain of it.
    #expect(try await subnet.submission(epoch + 2) == nil)
    #expect(try await nonce(1, in: subnet) == before + 1)
    try await expectWhole(epoch + 3, members, in: subnet)
    await subnet.close(members)
  }

  @Test(
    "A validator's clock jumps while it calls: who refuses it then is not judged, nothing is proposed, the clock is named",
    arguments: hour)
  func duringChallenge(_ jump: Double) async throws {
    let subnet = try await EngineSubnet(signing: .bySetClocks)
    for id in [2, 3] as [UInt32] { try subnet.serve(id, nil) }
    let backend = HeldBackend()
    for id in [4, 5] as [UInt32] { try subnet.serve(id, backend) }
    let members = try await subnet.start(1...1) { $0.challenge.concurrency = 1 }
    let own = members[0]
    try await subnet.elect(1)
    let epoch = try await subnet.position().epoch
    let nonce = try await nonce(1, in: subnet)
    try await subnet.advance(to: epoch, 11, seenBy: members)
    await backend.wasAsked()
    subnet.signing?.set(1, by: jump)
    await backend.release()
    try await eventually("the epoch is scored") { own.engine.lastScored == epoch }
    let observations = try await own.store.observations(epoch)
    #expect(observations.allSatisfy { [.accepted, .inconclusive].contains($0.verdict) })
    let faults = observations.filter { $0.verdict == .inconclusive }
    let side = jump > 0 ? "ahead of" : "behind"
    #expect(!faults.isEmpty)
    for fault in faults {
      #expect(fault.reason == .ownFault)
      let detail = try #require(fault.detail)
      #expect(detail.contains("clock is 36") && detail.contains(side), "\(detail)")
    }
    #expect(own.engine.health?.alarms(since: nil).contains(.wrongClock) == true)
    try await subnet.advance(to: epoch + 1, 8, seenBy: members)
    #expect(try await subnet.submission(epoch + 1) == nil)
    #expect(try await self.nonce(1, in: subnet) == nonce)
    subnet.signing?.set(1, by: 0)
    try await subnet.advanceToScores(of: epoch + 1, seenBy: members)
    try await expectWhole(epoch + 2, members, in: subnet)
    await subnet.close([own])
  }

  @Test("A hoster's clock jumps: all validators find the same of it, and nothing else changes", arguments: hour)
  func hoster(_ jump: Double) async throws {
    let subnet = try await EngineSubnet(signing: .bySetClocks)
    for id in [4, 5] as [UInt32] { try subnet.serve(id, SumBackend()) }
    let members = try await subnet.start(1...3)
    try await subnet.elect(1)
    let epoch = try await subnet.position().epoch
    try await subnet.advance(to: epoch, 8, seenBy: members)
    subnet.signing?.set(5, by: jump)
    try await subnet.advanceToScores(of: epoch, seenBy: members)
    for member in members {
      let judgements = try #require(try await member.store.scores(epoch)).sheet.judgements
      #expect(judgements.map(\.verdict) == [.accepted, .refused])
      #expect(member.engine.health?.alarms(since: nil).contains(.wrongClock) == false)
    }
    try await subnet.advance(to: epoch + 1, 0, seenBy: members)
    try await subnet.reachConsensus(in: epoch + 1, of: 3, seenBy: members)
    let scores = try #require(try await subnet.submission(epoch + 1)).scores
    #expect(scores.filter { $0.score == .one }.map(\.subnetNodeID) == [1, 2, 3, 4])
    subnet.signing?.set(5, by: 0)
    try await subnet.advanceToScores(of: epoch + 1, seenBy: members)
    try await expectWhole(epoch + 2, members, in: subnet)
    await subnet.close(members)
  }
}

/// Answers once it may.
private actor HeldBackend: InferenceBackend {
  private var isAsked = false
  private var isReleased = false
  private var waiting: [CheckedContinuation<Void, Never>] = []
  private var watching: [CheckedContinuation<Void, Never>] = []

  func describe() async throws -> ModelDescription { SumBackend().describe() }

  func tokens(for request: Hoster.InferenceRequest) async throws -> TokenStream {
    isAsked = true
    for watcher in watching { watcher.resume() }
    watching = []
    if !isReleased { await withCheckedContinuation { waiting.append($0) } }
    return try await SumBackend().tokens(for: request)
  }

  func wasAsked() async {
    if !isAsked { await withCheckedContinuation { watching.append($0) } }
  }

  func release() {
    isReleased = true
    for waiter in waiting { waiter.resume() }
    waiting = []
  }
}
