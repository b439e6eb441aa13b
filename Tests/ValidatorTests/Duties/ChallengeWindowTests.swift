import Protocols
import Synchronization
import Testing

@testable import Validator

@Suite("The window of calls", .timeLimit(.minutes(10)))
struct ChallengeWindowTests {
  /// Does not say what it is, and takes its time for that.
  private struct Mute: Servicer, InferenceProcedures {
    static let className = "InferenceProtocol"
    let asked: AsyncStream<Void>.Continuation
    let silence: Task<Void, Never>

    var handlers: [RPCHandler] {
      [
        Self.rpcInfo.handler { [asked, silence] _, _ in
          asked.yield()
          await silence.value
          throw RPCError("it does not say")
        }
      ]
    }
  }

  /// Counts who wants an answer.
  private final class Counting: Servicer, InferenceProcedures {
    static let className = "InferenceProtocol"
    private let count = Mutex(0)
    var calls: Int { count.withLock { $0 } }

    var handlers: [RPCHandler] {
      [
        Self.rpcInfo.handler { _, _ in NodeInformation(version: "1", role: .hoster).message },
        Self.rpcInferenceStream.handler { _, _, writer in
          self.count.withLock { $0 += 1 }
          let tensor = try Tensor([1] as [Int64]).message()
          try await writer.write(InferenceResponseAuth.with { $0.tensors = [tensor] })
        },
      ]
    }
  }

  @Test("§5 a window that is over before it is known who hosts: nobody is called after it, and nobody is blamed")
  func overEarly() async throws {
    let subnet = try await EngineSubnet()
    let (questions, asked) = AsyncStream.makeStream(of: Void.self)
    let hoster = Counting()
    // Until the test ends it.
    let silence = Task { _ = try? await Task.sleep(for: .seconds(3600)) }
    try subnet.serve(as: subnet.peer(2), Mute(asked: asked, silence: silence))
    for id in 3...4 as ClosedRange<UInt32> { try subnet.serve(id, nil) }
    try subnet.serve(as: subnet.peer(5), hoster)
    let member = try await subnet.start(1, isPatient: true)
    let epoch = try await subnet.position().epoch
    // It looks at its duty with every block: whether there is a proposal.
    try await subnet.elect(2, in: epoch)
    try await subnet.advance(to: epoch, 11, seenBy: [member])
    for await _ in questions.prefix(1) {}
    try await subnet.advance(to: epoch, 16, seenBy: [member])
    try await subnet.rest([member], in: epoch)
    try await subnet.makeBlock(seenBy: [member])
    try await subnet.rest([member], in: epoch)
    silence.cancel()
    try await eventually("the epoch is scored") { member.engine.lastScored == epoch }
    #expect(hoster.calls == 0)
    let observations = try await member.store.observations(epoch)
    #expect(Set(observations.map(\.subnetNodeID)) == [2, 5])
    #expect(observations.allSatisfy { $0.verdict == .inconclusive && $0.reason == .ownFault }, "\(observations)")
    await member.stop()
    await subnet.close()
  }
}
