import Foundation
import Substrate
import Testing

@_spi(Testing) @testable import Validator

@Suite("Killed on the way", .timeLimit(.minutes(20)))
struct CrashTests {
  /// What the chain makes of the duty, the steps that lead there, and what of the bytes it must have seen.
  struct Course: Sendable, CustomTestStringConvertible {
    let scenario: String
    let arrows: [DutyProgress.Arrow]
    let end: String
    var isSent = true

    var testDescription: String { scenario }
  }

  static let courses = [
    Course(scenario: "reorganized", arrows: [.plan, .sign, .send, .include, .retract, .finalize], end: "finalized"),
    Course(scenario: "expired", arrows: [.expire], end: "expired"),
    Course(scenario: "replaced", arrows: [.replace], end: "replaced"),
    Course(scenario: "refused", arrows: [.refuse], end: "refused"),
    Course(scenario: "missed", arrows: [.miss], end: "missed", isSent: false),
  ]

  /// Each arrow is killed this often at each of its three moments.
  static let repetitions = 7

  @Test("Kill -9 at every arrow: nothing is signed twice, nothing is lost, and the duty ends", arguments: courses)
  func sweep(_ course: Course) async throws {
    let folder = try TemporaryFolder()
    let database = folder.file("validator.sqlite")
    var epoch: UInt32 = 0
    var kills: [DutyProgress.Arrow: Int] = [:]
    for arrow in course.arrows {
      for moment in SubmissionJournal.Moment.allCases {
        for _ in 0..<Self.repetitions {
          epoch += 1
          let chain = folder.file("chain-\(epoch)")
          let arguments = ["duty", database, chain, course.scenario, "\(epoch)"]
          let killed = try await ChildProcess.run(arguments + [arrow.rawValue, moment.rawValue])
          #expect(killed.signal == SIGKILL, "\(arrow) \(moment): \(killed.output)")
          kills[arrow, default: 0] += 1
          let sentBefore = Self.sent(chain)
          let finished = try await ChildProcess.run(arguments)
          #expect(finished.status == 0 && finished.output == [course.end], "\(arrow) \(moment): \(finished.output)")
          // However often it was sent, it was one signature; what had left before the end is what counts after it.
          let sent = Self.sent(chain)
          #expect(Set(sent).count == (course.isSent ? 1 : 0), "\(arrow) \(moment)")
          #expect(Set(sentBefore).isSubset(of: Set(sent)))
        }
      }
    }
    #expect(kills.count == course.arrows.count && kills.values.allSatisfy { $0 >= 20 })
    let store = try Store.open(database)
    let journal = SubmissionJournal(store)
    #expect(try await journal.unfinished().isEmpty)
    for epoch in 1...epoch {
      let key = DutyKey(
        SubnetIdentity(genesisHash: Self.genesis, subnetID: 128_001), nodeID: 3, epoch: epoch, duty: .propose)
      let record = try #require(try await journal.duty(key))
      #expect(record.state.name == course.end)
      // The steps are those of a process that was never killed, each once.
      let steps = try await journal.history(key).map(\.arrow)
      #expect(Array(steps.prefix(1)) == [.plan] && Set(steps).isSuperset(of: course.arrows))
      #expect(steps.count { $0 == .sign } == (course.isSent ? 1 : 0))
    }
    #expect(try await store.check().isSound)
    try store.close()
  }

  @Test("All ten arrows are swept")
  func complete() {
    #expect(Set(Self.courses.flatMap(\.arrows)) == Set(DutyProgress.Arrow.allCases))
  }

  @Test("Two processes race with one key and one database: exactly one signs", arguments: 0..<5)
  func race(_ round: Int) async throws {
    let folder = try TemporaryFolder()
    let database = folder.file("validator.sqlite")
    try Store.open(database).close()
    let shot = folder.file("shot")
    // In odd rounds they state different things.
    let children = try ["a", round.isMultiple(of: 2) ? "a" : "b"].map {
      try ChildProcess(["race", database, shot, $0])
    }
    for child in children { #expect(await child.firstLine() == "ready") }
    #expect(FileManager.default.createFile(atPath: shot, contents: Data()))
    async let first = children[0].end()
    async let second = children[1].end()
    let results = await [first, second]
    #expect(results.flatMap(\.output).count { $0 == "signs" } == 1, "\(results)")
    let ends = results.compactMap(\.output.last)
    if round.isMultiple(of: 2) {
      #expect(results.allSatisfy { $0.status == 0 } && Set(ends).count == 1 && ends.first?.hasPrefix("0x") == true)
    } else {
      #expect(ends.count { $0 == "protection.signed-otherwise" } == 1 && ends.count { $0.hasPrefix("0x") } == 1)
    }
  }

  @Test("A second process is turned away, and gets in when the first is killed")
  func lock() async throws {
    let folder = try TemporaryFolder()
    let database = folder.file("validator.sqlite")
    let holder = try ChildProcess(["lock", database])
    #expect(await holder.firstLine() == "locked")
    let refused = try await ChildProcess.run(["lock", database])
    #expect(refused.status == 1 && refused.output == ["store.locked"])
    kill(holder.process.processIdentifier, SIGKILL)
    #expect(await holder.end().signal == SIGKILL)
    let next = try await ChildProcess.run(["lock", database])
    #expect(next.status == 0 && next.output == ["locked"])
  }

  @Test("Killed while it makes the database, at any moment: the next start completes it")
  func creation() async throws {
    var unfinished = 0
    for round in 0..<40 {
      let folder = try TemporaryFolder()
      let database = folder.file("validator.sqlite")
      let child = try ChildProcess(["create", database])
      // The moment differs from round to round, whatever the machine's load.
      let deadline = ContinuousClock.now + .seconds(30)
      let moment = round % 5
      while ContinuousClock.now < deadline && child.process.isRunning {
        let size = (try? FileManager.default.attributesOfItem(atPath: database)[.size] as? Int) ?? nil
        let log = (try? FileManager.default.attributesOfItem(atPath: database + "-wal")[.size] as? Int) ?? nil
        let isThere = [size != nil, (size ?? 0) > 0, log != nil, (log ?? 0) > 0, (log ?? 0) > 32_768][moment]
        if isThere { break }
      }
      kill(child.process.processIdentifier, SIGKILL)
      if await child.end().signal == SIGKILL { unfinished += 1 }
      let store = try Store.open(database)
      #expect(try Store.migrationStatus(database).pending.isEmpty)
      #expect(try await store.check().isSound)
      try store.close()
    }
    #expect(unfinished > 0)
  }

  private static let genesis: BlockHash = {
    guard let hash = BlockHash([UInt8](repeating: 7, count: 24) + [UInt8](repeating: 0, count: 8)) else {
      preconditionFailure("32 bytes are a hash")
    }
    return hash
  }()

  private static func sent(_ path: String) -> [String] {
    ((try? String(contentsOfFile: path, encoding: .utf8)) ?? "").split(separator: "\n").map(String.init)
  }
}
