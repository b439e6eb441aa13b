import Foundation
import Substrate
import Testing

@_spi(Testing) @testable import Validator

/// The whole engine, as a process that is killed at each step of its journal, against the simulated chain.
@Suite("The validator killed on the way", .timeLimit(.minutes(60)))
struct EngineCrashTests {
  /// How often it is killed at each arrow and moment; the acceptance of the program was seven, at all three moments.
  private static let rounds = ProcessInfo.processInfo.environment["VALIDATORD_CRASH_ROUNDS"].flatMap(Int.init)
  private static let arrows: [DutyProgress.Arrow] = [.plan, .sign, .send, .include, .finalize]
  private static var moments: [SubmissionJournal.Moment] {
    rounds == nil ? [.inside] : SubmissionJournal.Moment.allCases
  }

  @Test("D-15 kill -9 at every arrow: each duty has one signature and one effect on chain, and the next epoch works")
  func sweep() async throws {
    let subnet = try await EngineSubnet(blockTime: .every(.milliseconds(Self.rounds == nil ? 400 : 250)))
    var members: [EngineSubnet.Member] = []
    for id in 2...5 as ClosedRange<UInt32> { members.append(try await subnet.start(id)) }
    // It would come out of the queue on the way, and nobody is there to be asked.
    try await subnet.remove(6)
    let (hotkey, arguments) = try subnet.childArguments(1)
    let before = try await subnet.client.best().account(hotkey).nonce
    for _ in 0..<(Self.rounds ?? 1) {
      for arrow in Self.arrows {
        for moment in Self.moments {
          let child = try ChildProcess(arguments + [arrow.rawValue, moment.rawValue])
          let watchdog = Task {
            try await Task.sleep(for: .seconds(90))
            child.process.terminate()
          }
          let end = await child.end()
          watchdog.cancel()
          #expect(end.signal == SIGKILL, "\(arrow) \(moment): \(end)")
        }
      }
    }
    // Left alone it does its work: the next epoch that it saw whole, and its duty in the one after.
    let last = try await subnet.position().epoch
    let child = try ChildProcess(arguments)
    try await eventually("an epoch after the kills") { try await subnet.position().epoch >= last + 3 }
    child.process.terminate()
    _ = await child.end()
    let store = try Store.open(subnet.folder.file("child.sqlite"))
    let journal = SubmissionJournal(store)
    var (done, finished): (UInt32, UInt32) = (0, 0)
    for epoch in 0...last + 3 {
      let submission = try await subnet.submission(epoch)
      for duty in try await journal.duties(epoch: epoch) {
        let isOnChain = submission?.attestations[1] != nil
        if duty.state.name == "finalized" {
          #expect(isOnChain, "\(duty.key)")
          done += 1
        } else if duty.progress.isDone {
          #expect(!isOnChain, "\(duty.key) is \(duty.state.name)")
        } else if duty.key.epoch + 1 < last {
          Issue.record("\(duty.key) is still \(duty.state.name)")
        } else if isOnChain {
          finished += 1
        }
      }
    }
    #expect(done > 0)
    // Every extrinsic that the chain took from the key is a duty of the journal, once.
    let after = try await subnet.client.best().account(hotkey).nonce
    #expect(after - before == done + finished)
    #expect(try await journal.holds().isEmpty)
    try store.close()
    for member in members { await member.stop() }
    await subnet.close()
  }
}
