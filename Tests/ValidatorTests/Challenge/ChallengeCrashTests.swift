import Foundation
import Logging
import Protocols
import Synchronization
import Testing

@_spi(Testing) @testable import Validator

@Suite("The calls of an epoch killed on the way", .timeLimit(.minutes(5)))
struct ChallengeCrashTests {
  /// Answers everybody, and knows who was asked.
  private final class Answers: ProbeCaller {
    private let peers = Mutex<[String]>([])
    var asked: [String] { peers.withLock(\.self) }

    func ask(
      _ peerID: String, _ probe: Tensor, maximumNewTokens: Int32, deadline: ContinuousClock.Instant
    ) async throws -> ProbeReply {
      peers.withLock { $0.append(peerID) }
      return ProbeReply(tensors: [try Tensor([7, 8] as [Int64])], tokenCount: 2)
    }

    func role(of peerID: String, timeout: Duration) async -> NodeRole? { .hoster }
  }

  @Test("D-15 kill -9 while one hoster is silent: what the others answered is on the disk, and only he is asked again")
  func killed() async throws {
    let (folder, epoch, count) = (try TemporaryFolder(), UInt32(7), 20)
    let path = folder.file("validator.sqlite")
    let nodes = (1...UInt32(count)).map { Sample.node($0) }
    let silent = try #require(nodes.last).peerID
    do {
      let store = try Store.open(path)
      try await store.bind(to: Sample.identity)
      try await store.open(Sample.epoch(epoch), nodes: nodes)
      try await store.record(ProbeTensor(probe: 0, source: .chain, tensor: Sample.tokens(1, 2)), epoch: epoch)
      try store.close()
    }
    let child = try ChildProcess(["challenge", path, "\(epoch)", silent])
    let reader = try Store.openReadOnly(path)
    // The silent one has an hour: whatever is on the disk came there while the calls go on.
    try await eventually("the answers are kept") { try await reader.observations(epoch).count == count - 1 }
    try reader.close()
    kill(child.process.processIdentifier, SIGKILL)
    #expect(await child.end().signal == SIGKILL)

    let store = try Store.open(path)
    let answers = Answers()
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    let challenge = Challenge(
      epoch: epoch, settings: ChallengeSettings(), caller: answers, store: store, logger: logger
    ) { 43 }
    try await challenge.run(try await store.nodes(epoch), try await store.probes(epoch))
    #expect(answers.asked == [silent])
    let observations = try await store.observations(epoch)
    #expect(observations.count == count && observations.allSatisfy { $0.verdict == .accepted && $0.attempt == 1 })
    try store.close()
  }
}
