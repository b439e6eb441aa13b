import Testing

@testable import Hoster

@Suite("The own run in an epoch")
struct OwnRunStateMachineTests {
  private func moment(
    _ epoch: UInt32, _ block: UInt64, _ commit: WindowPhase = .open, tokens: [Int32]? = [1, 2], node: UInt32? = 7
  ) -> DutyMoment {
    DutyMoment(epoch: epoch, block: block, commit: commit, consensusTokens: tokens, subnetNodeID: node)
  }

  /// A machine that has found nothing kept of an epoch.
  private func machine(in epoch: UInt32) -> OwnRunStateMachine {
    var machine = OwnRunStateMachine()
    #expect(machine.take(moment(epoch, 0, .ahead, tokens: nil)) == .recover(epoch: epoch))
    machine.recovered(epoch, isKept: false)
    return machine
  }

  @Test("D-21 the answer is computed once, in the time for commits, when the tensor is known")
  func once() {
    var machine = machine(in: 3)
    #expect(machine.take(moment(3, 1, .ahead)) == nil)
    #expect(machine.take(moment(3, 2, .open, tokens: nil)) == nil)
    #expect(machine.take(moment(3, 3)) == .run(epoch: 3, tokens: [1, 2], subnetNodeID: 7))
    machine.finished(3)
    #expect(machine.take(moment(3, 4)) == nil)
    #expect(machine.take(moment(3, 5, .over)) == nil)
    #expect(machine.take(moment(4, 20, .ahead)) == .recover(epoch: 4))
  }

  @Test("D-15 what was kept before a restart is not computed again")
  func recovery() {
    var machine = OwnRunStateMachine()
    #expect(machine.take(moment(3, 4)) == .recover(epoch: 3))
    machine.recovered(3, isKept: true)
    #expect(machine.take(moment(3, 4)) == nil)
    #expect(machine.take(moment(3, 12, .over)) == nil)
  }

  @Test("What fails is tried again with a later block, and missed when the time is over")
  func failures() {
    var machine = machine(in: 3)
    #expect(machine.take(moment(3, 3)) == .run(epoch: 3, tokens: [1, 2], subnetNodeID: 7))
    machine.failed(3, at: 3)
    #expect(machine.take(moment(3, 3)) == nil)
    #expect(machine.take(moment(3, 4)) == .run(epoch: 3, tokens: [1, 2], subnetNodeID: 7))
    machine.failed(3, at: 4)
    #expect(machine.take(moment(3, 9, .over)) == .miss(epoch: 3, .failed))
    #expect(machine.take(moment(3, 10, .over)) == nil)
  }

  @Test("What was ready when the time was over is missed as late, and not computed again")
  func late() {
    var machine = machine(in: 3)
    #expect(machine.take(moment(3, 3)) == .run(epoch: 3, tokens: [1, 2], subnetNodeID: 7))
    machine.wasLate(3)
    // Of a moment that had waited meanwhile.
    #expect(machine.take(moment(3, 4)) == nil)
    #expect(machine.take(moment(3, 9, .over)) == .miss(epoch: 3, .late))
    #expect(machine.word == "missed: late")
    #expect(machine.take(moment(3, 10, .over)) == nil)
  }

  @Test(
    "An epoch without an answer is told once, with its reason",
    arguments: [
      (OwnRunMiss.noTime, [DutyMoment(epoch: 3, block: 9, commit: .over, consensusTokens: [1], subnetNodeID: 7)]),
      (.noTensor, [DutyMoment(epoch: 3, block: 9, commit: .over, consensusTokens: nil, subnetNodeID: 7)]),
      (.noNode, [DutyMoment(epoch: 3, block: 9, commit: .over, consensusTokens: [1], subnetNodeID: nil)]),
      // The rest of the epoch was not seen at all.
      (
        .noTensor,
        [
          DutyMoment(epoch: 3, block: 4, commit: .open, consensusTokens: nil, subnetNodeID: 7),
          DutyMoment(epoch: 4, block: 20, commit: .ahead, consensusTokens: nil, subnetNodeID: 7),
        ]
      ),
    ])
  func misses(_ reason: OwnRunMiss, _ moments: [DutyMoment]) {
    var machine = machine(in: 3)
    let actions = moments.compactMap { machine.take($0) }
    #expect(actions == [.miss(epoch: 3, reason)])
  }

  @Test("Heads that go back to an earlier epoch, and answers to one that is over, change nothing")
  func past() {
    var machine = machine(in: 3)
    #expect(machine.take(moment(2, 1)) == nil)
    machine.finished(2)
    machine.failed(4, at: 1)
    machine.recovered(2, isKept: true)
    #expect(machine.take(moment(3, 5)) == .run(epoch: 3, tokens: [1, 2], subnetNodeID: 7))
  }
}
