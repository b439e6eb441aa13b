import Synchronization
import Testing

@testable import Substrate

@Suite("Following finalized blocks", .timeLimit(.minutes(1)))
struct FinalizedBlocksTests {
  private let node: RecordedNode

  init() throws { node = try RecordedNode() }

  /// Adds blocks on top of the best one and finalizes the last; their heads are announced.
  private func grow(by count: Int) throws -> UInt64 {
    for _ in 0..<count {
      let hash = try node.extend(node.best)
      node.finalize(hash)
    }
    // The announcement of the last head came before it was final.
    node.setBest(node.best)
    return node.recordedHeight
  }

  /// Runs `body` with the numbers that a follower is given, -1 for a gap.
  private func following(
    _ body: (inout AsyncStream<Int>.AsyncIterator) async throws -> Void
  ) async throws {
    let client = try await ChainClient(node)
    let (numbers, continuation) = AsyncStream.makeStream(of: Int.self)
    let follower = Task { try await client.followFinalized { continuation.yield($0.map { Int($0.number) } ?? -1) } }
    var iterator = numbers.makeAsyncIterator()
    try await body(&iterator)
    follower.cancel()
    _ = await follower.result
  }

  @Test("Each block is given once and in order, however many become final at a time")
  func inOrder() async throws {
    let first = Int(node.recordedHeight)
    try await following { numbers in
      #expect(await numbers.next() == first)
      let last = Int(try grow(by: 3))
      #expect(last == first + 3)
      for number in first + 1...last { #expect(await numbers.next() == number) }
    }
  }

  @Test("Blocks that could not be read are caught up with")
  func afterFailure() async throws {
    let first = Int(node.recordedHeight)
    try await following { numbers in
      #expect(await numbers.next() == first)
      let failures = Mutex(3)
      node.lie("chain_getHeader") { _, honest in
        let fails = failures.withLock { left in
          left -= 1
          return left >= 0
        }
        if fails { throw RPCError(.timeout, "no answer") }
        return try honest()
      }
      let last = Int(try grow(by: 2))
      for number in first + 1...last { #expect(await numbers.next() == number) }
    }
  }

  @Test("A long pause is told as a gap before the newest block")
  func gap() async throws {
    let first = Int(node.recordedHeight)
    try await following { numbers in
      #expect(await numbers.next() == first)
      node.lie("chain_getFinalizedHead") { _, _ in throw RPCError(.timeout, "no answer") }
      let last = Int(try grow(by: Int(ChainClient.longestCatchUp) + 1))
      node.lie("chain_getFinalizedHead", nil)
      node.setBest(node.best)
      #expect(await numbers.next() == -1)
      #expect(await numbers.next() == last)
    }
  }
}
