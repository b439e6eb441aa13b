import Foundation
import LibP2P
import Protocols
import Substrate
import Testing

@_spi(Testing) @testable import Validator

/// The daemon of a validator, killed at each step of its journal, among four others on the simulated chain.
@Suite("The validator killed on the way", .timeLimit(.minutes(60)))
struct EngineCrashTests {
  /// How often it is killed at each arrow and moment; the acceptance of the program was seven, at all three moments.
  private static let rounds = ProcessInfo.processInfo.environment["VALIDATORD_CRASH_ROUNDS"].flatMap(Int.init)
  /// Where it is killed, and what leads there.
  private static let courses: [(arrow: DutyProgress.Arrow, fate: Misfortune)] = [
    (.plan, .none), (.sign, .none), (.send, .none), (.include, .none), (.finalize, .none), (.retract, .reorganised),
    (.expire, .withheld), (.replace, .usurped), (.refuse, .failed), (.refuse, .refused), (.miss, .unproposed),
  ]
  private static var moments: [SubmissionJournal.Moment] {
    rounds == nil ? [.inside] : SubmissionJournal.Moment.allCases
  }
  private static let node: UInt32 = 1

  @Test("All arrows of a duty are swept")
  func complete() {
    #expect(Set(Self.courses.map(\.arrow)) == Set(DutyProgress.Arrow.allCases))
  }

  @Test("D-15 kill -9 at every arrow: each duty has one signature and one effect on chain, and the next epoch works")
  func sweep() async throws {
    let subnet = try await EngineSubnet(
      finalityLag: 6, blockTime: .every(.milliseconds(Self.rounds == nil ? 300 : 250)), signing: .byThisMachine)
    let members = try await subnet.start(2...5)
    let hosts = try await subnet.listen(2...5)
    // The others don't ask the daemon, which may be dead just then, but this.
    try subnet.serve(Self.node, nil)
    // It would come out of the queue on the way, and nobody is there to be asked.
    try await subnet.remove(6)
    let key = try subnet.hotkey(Self.node)
    let others = try (2...5).map { try subnet.hotkey($0).accountID }
    let daemon = try subnet.daemon(Self.node, knowing: hosts)
    let fate = Fate(subnet: subnet, node: Self.node, key: key, database: daemon.database, others: others)
    let first = try await subnet.client.best()
    let before = try await first.account(key.accountID).nonce
    var kills: [DutyProgress.Arrow: Int] = [:]
    for _ in 0..<(Self.rounds ?? 1) {
      for course in Self.courses {
        for moment in Self.moments {
          let bringing = Task {
            do {
              try await fate.bring(course.fate)
            } catch  where !Task.isCancelled {
              Issue.record(error, "\(course)")
            }
          }
          let end = try await run(daemon, until: "\(course.arrow.rawValue):\(moment.rawValue)")
          bringing.cancel()
          _ = await bringing.result
          try await fate.relent()
          #expect(end.signal == SIGKILL, "\(course) \(moment): \(end) \(daemon.lastWords)")
          if end.signal == SIGKILL { kills[course.arrow, default: 0] += 1 }
        }
      }
    }
    // Left alone it does its work: the next epoch that it saw whole, and its duty in the one after.
    let last = try await subnet.position().epoch
    let child = try daemon.start()
    try await eventually("an epoch after the kills") { try await subnet.position().epoch >= last + 3 }
    let stub = InferenceProtocol.getServerStub(
      hosts[0], try subnet.peer(Self.node), gate: try subnet.gate(2), configuration: RPCConfiguration())
    #expect(await stub.callInfo(timeout: .seconds(60))?.role == .validator)
    child.process.terminate()
    let end = await child.end()
    #expect(end.status == 0 && end.output.first?.contains(#""event":"ready""#) == true, "\(end) \(daemon.lastWords)")
    let store = try Store.open(daemon.database)
    let journal = SubmissionJournal(store)
    let taken = try await Self.extrinsics(of: key.accountID, subnet, after: first.number)
    var states: [String: Int] = [:]
    var signed: Set<[UInt8]> = []
    for epoch in 0...last + 3 {
      for duty in try await journal.duties(epoch: epoch) {
        let state = duty.state.name
        states[state, default: 0] += 1
        let isInBlock = duty.signature.map { taken.duties.contains($0.extrinsic.hash) } ?? false
        if let signature = duty.signature { signed.insert(signature.extrinsic.hash) }
        switch state {
        case "finalized":
          let submission = try await subnet.submission(epoch)
          #expect(isInBlock && submission?.attestations[Self.node] != nil, "\(duty.key)")
        // Refused by the pool, or failed in a block.
        case "refused": break
        case "expired", "replaced", "missed": #expect(!isInBlock, "\(duty.key) is \(state)")
        default: #expect(epoch + 1 >= last, "\(duty.key) is still \(state)")
        }
        if epoch > last, state == "finalized" { states["finalized after the kills", default: 0] += 1 }
        let steps = try await journal.history(duty.key).map(\.arrow)
        #expect(steps.count { $0 == .sign } == (duty.signature == nil ? 0 : 1), "\(duty.key)")
      }
    }
    #expect(states["finalized after the kills"] ?? 0 > 0, "\(states)")
    for state in ["finalized", "expired", "replaced", "refused", "missed"] {
      #expect(states[state] ?? 0 > 0, "\(states)")
    }
    // Every extrinsic that the chain took from the key is a duty of the journal, or the one that took its nonce.
    #expect(Set(taken.duties).isSubset(of: signed) && Set(taken.duties).count == taken.duties.count)
    let after = try await subnet.client.best().account(key.accountID).nonce
    #expect(Int(after - before) == taken.duties.count + taken.others)
    #expect(try await journal.holds().isEmpty)
    #expect(try await store.check().isSound)
    if Self.rounds != nil { print("kills: \(kills), duties: \(states)") }
    try store.close()
    for host in hosts { await host.shutdown() }
    await subnet.close(members)
  }

  @Test("A daemon that is to be killed at no step that there is says so and ends with 64")
  func unreadable() async throws {
    let subnet = try await EngineSubnet(signing: .byThisMachine)
    let daemon = try subnet.daemon(Self.node, knowing: [])
    let end = try await run(daemon, until: "sign:never")
    #expect(end.status == 64 && end.output.isEmpty, "\(end)")
    #expect(daemon.lastWords.contains("[usage.crash-point]"), "\(daemon.lastWords)")
    await subnet.close()
  }

  /// Runs the daemon until it ends, which it has to do within minutes.
  private func run(_ daemon: NodeDaemon, until crashPoint: String) async throws -> ChildProcess.Result {
    let child = try daemon.start(until: crashPoint)
    let watchdog = Task {
      try await Task.sleep(for: .seconds(120))
      child.process.terminate()
    }
    defer { watchdog.cancel() }
    return await child.end()
  }

  /// The hashes of an account's calls of the Network pallet in the blocks of the chain, and how many others there are.
  private static func extrinsics(
    of account: AccountID, _ subnet: EngineSubnet, after block: UInt64
  ) async throws -> (duties: [[UInt8]], others: Int) {
    let best = try await subnet.client.best()
    let metadata = try await best.metadata()
    var (duties, others): ([[UInt8]], Int) = ([], 0)
    for number in block + 1...best.number {
      for bytes in try await subnet.client.at(number: number).extrinsics() {
        let extrinsic = try DecodedExtrinsic(bytes, metadata: metadata)
        guard extrinsic.signature?.signer == account else { continue }
        if extrinsic.name.pallet == "Network" { duties.append(extrinsic.hash) } else { others += 1 }
      }
    }
    return (duties, others)
  }
}
