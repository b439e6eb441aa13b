import LibP2P
import Logging
import Protocols
import ServiceLifecycle
import Substrate
import Validator

/// The chain as a daemon follows it: its endpoints, the stakes of peers, the subnet's epoch.
struct DaemonChain: Sendable {
  let client: ChainClient
  let stakes: ChainStakes
  let feed: EpochFeed
  private let pool: EndpointPool
  private let subnetID: UInt32

  /// How long one attempt to reach the chain may take, and the least time until the next.
  private static let (attempt, pause) = (Duration.seconds(10), Duration.milliseconds(250))

  /// Connects with the chain, as soon as one of its endpoints answers.
  ///
  /// - Parameters:
  ///   - ownPeer: the node.
  ///   - onFailure: is told why none did, each time.
  /// - Throws: ``RPCError``, also when none answers for as long as the settings say; ``ChainError``.
  static func connect(
    _ settings: ChainSettings, cache folder: String, ownPeer: PeerID, onFailure: (Substrate.RPCError) -> Void
  ) async throws -> DaemonChain {
    let pool = EndpointPool(
      settings.endpoints, options: EndpointPoolOptions(genesisHash: settings.genesis?.description))
    do {
      try await reach(pool, until: .now + settings.wait, onFailure)
      let client = try await ChainClient(
        pool, genesisHash: settings.genesis, metadataCache: MetadataCache(folder: folder))
      var patience = EpochFeed.Patience()
      patience.end = settings.stallTimeout
      patience.notice = min(patience.notice, settings.stallTimeout / 2)
      return DaemonChain(
        client: client, stakes: ChainStakes(subnet: settings.subnet, source: ChainStakeSource(client)),
        feed: EpochFeed(
          LiveSubnet(client, subnetID: settings.subnet), ownPeer: ownPeer.description, patience: patience),
        pool: pool, subnetID: settings.subnet)
    } catch {
      await pool.shutdown()
      throw error
    }
  }

  /// Waits for an endpoint that answers; the pool connects with them again and again, ever more slowly.
  private static func reach(
    _ pool: EndpointPool, until end: ContinuousClock.Instant, _ onFailure: (Substrate.RPCError) -> Void
  ) async throws {
    while true {
      do {
        let left = ContinuousClock.now.duration(to: end)
        _ = try await pool.call("chain_getBlockHash", [0], timeout: min(max(left, .seconds(1)), attempt))
        return
      } catch let error as Substrate.RPCError
        where [.unavailable, .tryLater].contains(Failure.status(of: error)) && ContinuousClock.now < end
      {
        onFailure(error)
        try await Task.sleep(for: pause)
      }
    }
  }

  /// What has to run so that stakes and epoch are up to date.
  var services: [any Service] { [feed, StakeFollower(client: client, stakes: stakes)] }

  func close() async { await pool.shutdown() }

  /// Adds how the chain is.
  func addHealth(to board: HealthBoard) {
    board.add("chain") { [pool, feed] in
      let endpoints = pool.status
      let up = endpoints.filter { $0.state == .up }
      let detail = "\(up.count) of \(endpoints.count) endpoints are up"
      let status = feed.status
      if let failure = status.failure { return .waiting("\(detail); \(failure)") }
      guard status.moment != nil || status.isWaiting else { return .waiting("no head was seen yet") }
      let silence = (ContinuousClock.now - status.finalSince).components.seconds
      guard silence < 120 else { return .impaired("\(detail); no block became final for \(silence) s") }
      return up.count < endpoints.count ? .impaired(detail) : .well(detail)
    }
    board.add("subnet") { [feed, subnetID] in
      let status = feed.status
      guard let moment = status.moment, !status.isWaiting else {
        return .waiting("subnet \(subnetID) is not active, or not seen yet")
      }
      guard let node = moment.ownNode else {
        return .impaired("\(moment.position); this peer is no node of subnet \(subnetID)")
      }
      return .well("\(moment.position); node \(node.id), \(node.nodeClass)")
    }
  }

  /// Tells the stakes of each final block.
  private struct StakeFollower: Service {
    let client: ChainClient
    let stakes: ChainStakes

    func run() async throws {
      do {
        try await cancelWhenGracefulShutdown { [self] in
          try await client.followFinalized { await stakes.update($0) }
        }
      } catch is CancellationError {}
    }
  }
}
