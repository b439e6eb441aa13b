import Hoster
import LibP2P
import Protocols
import ServiceLifecycle
import Substrate
import Validator

/// The services that make a node a validator.
struct ValidatorDaemon {
  private let node: DaemonNode
  private let engine: ValidatorEngine
  private let hotkey: Hotkey

  /// - Throws: ``ScoringError`` for a policy that this build does not have; in debug builds also as ``CrashPoint``.
  init(_ node: DaemonNode, _ own: ValidatorSettings, _ hotkey: Hotkey) throws {
    self.node = node
    self.hotkey = hotkey
    let subnet = LiveSubnet(node.chain.client, subnetID: node.configuration.chain.subnet)
    let room = RPCSemaphore(limit: own.concurrency)
    let peers = node.peers
    let caller = StubProbeCaller(maximumElements: own.maximumElements) { peer in
      peers.stub(InferenceProtocol.self, of: try PeerID(peer), semaphore: room)
    }
    let parts = ValidatorEngine.Parts(
      feed: node.chain.feed, subnet: subnet, store: node.store, caller: caller, signer: hotkey.signer,
      policy: try ScoringPolicies().make(own.scoring.rawValue, parameters: own.policyParameters))
    let settings = Self.settings(node.configuration.epoch, own)
    #if DEBUG
      engine = try CrashPoint.engine(parts, settings)
    #else
      engine = ValidatorEngine(parts, settings)
    #endif
    addHealth()
  }

  /// What runs beside the node's own services.
  var services: [any Service] {
    var inference = InferenceSettings()
    inference.version = Validatord.version
    return [node.peers.inference(nil, settings: inference), ChainAddresses(node), Kept(engine: engine, hotkey: hotkey)]
  }

  private static func settings(_ epoch: EpochSettings, _ own: ValidatorSettings) -> ValidatorEngine.Settings {
    var settings = ValidatorEngine.Settings()
    settings.timetable =
      EpochTimetable(checking: epoch.commitFrom, epoch.commitUntil, epoch.callUntil, epoch.scoreUntil) ?? .standard
    settings.challenge.probes = UInt16(clamping: own.probes)
    settings.challenge.promptLength = epoch.promptLength
    settings.challenge.vocabulary = epoch.vocabulary
    settings.challenge.maximumNewTokens = epoch.maximumNewTokens
    settings.challenge.attempts = UInt8(clamping: own.attempts)
    settings.challenge.callTimeout = own.callTimeout
    settings.challenge.concurrency = own.concurrency
    settings.duties.proposeUntil = UInt8(clamping: own.proposeUntil)
    settings.duties.comparison =
      own.attest == .exact ? .exact : .tolerant(FixedU128(UInt128(own.tolerance)))
    return settings
  }

  private func addHealth() {
    node.health.add("validator") { [engine, feed = node.chain.feed] in
      guard let moment = feed.moment else { return .waiting("no epoch yet") }
      guard let own = moment.ownNode else {
        return .waiting("this peer is no node of the subnet; register it")
      }
      if let failure = engine.storeFailure {
        return .impaired("\(failure.message); nothing is signed that can't be kept")
      }
      let scored = engine.lastScored.map { "epoch \($0) is scored" } ?? "no epoch is scored yet"
      guard own.has(.validator, at: moment.epoch) else {
        return .impaired("\(scored); node \(own.id) is \(own.nodeClass)")
      }
      guard let health = engine.health else { return .well(scored) }
      let alarms = health.alarms(since: nil)
      return alarms.isEmpty
        ? .well(scored) : .impaired("\(scored); \(alarms.map(\.rawValue).joined(separator: ", "))")
    }
  }

  /// The engine, and the lock of its key as long as it runs.
  private struct Kept: Service {
    let engine: ValidatorEngine
    let hotkey: Hotkey

    func run() async throws {
      try await engine.run()
      withExtendedLifetime(hotkey) {}
    }
  }
}
