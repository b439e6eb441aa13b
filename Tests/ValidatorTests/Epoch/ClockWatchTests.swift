import DevChain
import Logging
import Substrate
import Testing

@testable import Validator

/// A look at the clock while the endpoint does not answer: no question ends before the test lets it, so what comes back
/// comes by the look's own deadline.
@Suite("A look at the clock that gets no answer", .timeLimit(.minutes(2)))
struct ClockWatchTests {
  /// Longer than any test.
  private static let hour = Duration.seconds(3600)

  /// A chain that keeps the world's time, with one connection that may be held.
  private struct Bench {
    let chain: DevChainServer
    let held: HeldClient
    let client: ChainClient
    let feed: EpochFeed
    let watch: ClockWatch

    static func with(patience: Duration, _ body: (Bench) async throws -> Void) async throws {
      var configuration = DevChainConfiguration()
      (configuration.blockTime, configuration.type) = (.manual, "Live")
      let chain = try await DevChainServer.start(configuration, logger: EngineSubnet.silent)
      let connection = try await WebSocketConnection.connect(to: RPCEndpoint(chain.webSocketURL))
      let held = HeldClient(connection)
      let client = try await ChainClient(held, logger: EngineSubnet.silent)
      let subnet = LiveSubnet(client, subnetID: EngineSubnet.subnetID)
      let feed = EpochFeed(subnet, ownPeer: nil, logger: EngineSubnet.silent)
      let watch = ClockWatch(subnet, feed, patience: patience) { 0 }
      // The first head was there before, and tells nothing of the time.
      try await feed.look()
      let bench = Bench(chain: chain, held: held, client: client, feed: feed, watch: watch)
      let result: Result<Void, any Error>
      do { result = .success(try await body(bench)) } catch { result = .failure(error) }
      held.release()
      await connection.close()
      await chain.stop()
      try result.get()
    }

    /// Makes a block and sees it.
    ///
    /// - Returns: a reading of a clock that is 100 seconds ahead, taken when the block came.
    func makeBlock() async throws -> ClockWatch.Reading {
      try await chain.makeBlocks()
      try await feed.look()
      let block = try #require(feed.status.arrived)
      let time = try #require(try await client.at(block.hash).time())
      return ClockWatch.Reading(time: time + 100, moment: feed.status.bestSince)
    }

    func look(_ reading: ClockWatch.Reading, within time: Duration) async -> [Double]? {
      await watch.offsets([reading], until: .now + time)
    }
  }

  private static func isAhead(_ offsets: [Double]?) -> Bool {
    offsets?.count == 1 && offsets?.allSatisfy { abs($0 - 100) < 0.001 } == true
  }

  @Test("It ends at its deadline for all who ask, with one question that stays open; the late answer serves the next")
  func deadline() async throws {
    try await Bench.with(patience: Self.hour) { bench in
      let first = try await bench.makeBlock()
      #expect(Self.isAhead(await bench.look(first, within: Self.hour)))
      let second = try await bench.makeBlock()
      bench.held.hold()
      await withTaskGroup(of: Bool.self) { group in
        for _ in 0..<8 { group.addTask { await bench.look(second, within: .milliseconds(50)) == nil } }
        for await isUnknown in group { #expect(isUnknown) }
      }
      try await eventually("the question is asked") { bench.held.waiting == 1 }
      // Of a deadline that is over nothing is waited for.
      #expect(await bench.look(second, within: .seconds(-1)) == nil)
      #expect(bench.held.waiting == 1)
      bench.held.release()
      #expect(Self.isAhead(await bench.look(second, within: Self.hour)))
    }
  }

  @Test("Without a near deadline it ends with its own patience")
  func patience() async throws {
    try await Bench.with(patience: .milliseconds(50)) { bench in
      let reading = try await bench.makeBlock()
      bench.held.hold()
      #expect(await bench.look(reading, within: Self.hour) == nil)
      #expect(await bench.watch.offset() == nil)
      try await eventually("the question is asked") { bench.held.waiting == 1 }
    }
  }

  @Test("It ends with the task that asks, and the next block is looked at as ever")
  func cancelled() async throws {
    try await Bench.with(patience: Self.hour) { bench in
      let reading = try await bench.makeBlock()
      bench.held.hold()
      let looking = Task { await bench.look(reading, within: Self.hour) }
      try await eventually("the question is asked") { bench.held.waiting == 1 }
      looking.cancel()
      #expect(await looking.value == nil)
      #expect(bench.held.waiting == 1)
      bench.held.release()
      let next = try await bench.makeBlock()
      #expect(Self.isAhead(await bench.look(next, within: Self.hour)))
    }
  }
}
