import DevChain
import Foundation
import LibP2P
import Protocols
import Substrate
import Validator

/// How long an epoch's calls take, from the first block of their window until the scores are on disk.
struct ChallengeLoad {
  let folder: String
  private static let sizes = [10, 100, 1_000]
  private static let tokens: Int32 = 32
  private static let epochs: UInt32 = 3
  private static let promise = 20.0
  private static let promisedGrowth = 1.25

  func run() async throws {
    let chain = try await DevChainServer.start(DevChainConfiguration(), logger: ValidatorEpochs.logger)
    let pool = EndpointPool([try RPCEndpoint(chain.webSocketURL)])
    let subnet = LiveSubnet(try await ChainClient(pool, logger: ValidatorEpochs.logger), subnetID: 128_001)
    var times: [Int: Double] = [:]
    for size in Self.sizes {
      let time = try await measure(size, subnet)
      times[size] = time
      let verdict = ValidatorEpochs.verdict(time <= Self.promise)
      let promised = size == 1_000 ? "   promised \(Int(Self.promise)) s  \(verdict)" : ""
      print(
        pad("an epoch with \(size) hosters of \(Self.tokens) tokens")
          + String(format: "%8.2f s   %6.2f ms a hoster", time, time * 1e3 / Double(size)) + promised)
    }
    await pool.shutdown()
    await chain.stop()
    guard let some = times[100], let most = times[1_000] else { exit(70) }
    let growth = most / some / 10
    let isLinear = growth <= Self.promisedGrowth
    print(
      pad("time of a hoster among 1,000, of one among 100")
        + String(format: "%8.2f     promised %.2f  ", growth, Self.promisedGrowth) + ValidatorEpochs.verdict(isLinear))
    guard most <= Self.promise, isLinear else { exit(1) }
  }

  private func pad(_ text: String) -> String { text.padding(toLength: 48, withPad: " ", startingAt: 0) }

  /// Seconds of the best of several epochs.
  private func measure(_ size: Int, _ subnet: LiveSubnet) async throws -> Double {
    guard let clock = SubnetClock(epochLength: 20, slot: 3) else { exit(70) }
    let hosters = try Hosters(size, validators: 1)
    let chain = SteppedChain(subnet.identity, clock, peers: hosters.peers.dropFirst().map(\.description))
    let store = try Store.open("\(folder)/\(size).sqlite")
    let feed = EpochFeed(chain, ownPeer: nil, logger: ValidatorEpochs.logger)
    var settings = ValidatorEngine.Settings()
    settings.challenge.maximumNewTokens = Self.tokens
    let calling = hosters.caller
    let engine = ValidatorEngine(
      ValidatorEngine.Parts(
        feed: feed, subnet: subnet, store: store, caller: StubProbeCaller { calling.stub(of: try PeerID($0)) },
        signer: Signer(try AccountKey.generate(), allowing: [])), settings, logger: ValidatorEpochs.logger)
    chain.advance(to: 1, 0)
    let running = [Task { try await feed.run() }, Task { try await engine.run() }]
    var best = Double.infinity
    for epoch in 1...Self.epochs {
      chain.advance(to: epoch, 0)
      try await ValidatorEpochs.wait(for: "epoch \(epoch)") { feed.moment?.epoch == epoch }
      chain.advance(to: epoch, 2)
      try await ValidatorEpochs.wait(for: "tensors") { try await !store.probes(epoch).isEmpty }
      let start = ContinuousClock.now
      chain.advance(to: epoch, 11)
      try await ValidatorEpochs.wait(for: "scores") { engine.lastScored == epoch }
      best = min(best, ValidatorEpochs.seconds(ContinuousClock.now - start))
      let observations = try await store.observations(epoch)
      guard observations.count == size,
        observations.allSatisfy({ $0.verdict == .accepted && $0.tokenCount == UInt32(Self.tokens) })
      else { throw ValidatorEpochs.Failure("not every hoster answered") }
    }
    for task in running { task.cancel() }
    for task in running { _ = await task.result }
    try store.close()
    return best
  }
}
