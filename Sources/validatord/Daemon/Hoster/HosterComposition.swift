import Hoster
import LibP2P
import Logging
import Protocols
import ServiceLifecycle
import Validator

/// A hoster out of a node: inference behind the gate, the workers behind inference, and the duties in each epoch.
struct HosterComposition {
  /// How long a peer may take to say what it is.
  private static let introduction = Duration.seconds(3)

  private let inference: InferenceHoster
  private let duty: OwnRunDuty
  private let server: CompletionsBackend?
  private let watch: CompletionsWatch?

  /// - Throws: ``CommandError`` for windows that can't be.
  init(_ node: DaemonNode, _ settings: HosterSettings, _ computation: HosterComputation) throws {
    let view = ChainConsensusView(node.chain, epoch: node.configuration.epoch)
    let policy = AntiCopyPolicy(settings.antiCopy, view: view) { [peers = node.peers] peer in
      await peers.stub(InferenceProtocol.self, of: peer).callInfo(timeout: Self.introduction)?.role
    }
    let pool: WorkerPool?
    let backend: any InferenceBackend
    switch computation {
    case .workers(let command, let configuration):
      let workers = WorkerPool(command, configuration, control: node.controlAddress)
      backend = WorkerBackend(workers, reachedBy: WorkerLink(node.control))
      (pool, server, watch) = (workers, nil, nil)
    case .server(let completions):
      backend = completions
      (pool, server, watch) = (nil, completions, CompletionsWatch(completions, logger: node.logger))
    }
    var serving = InferenceSettings()
    serving.maximumNewTokens = settings.maximumNewTokens
    serving.version = Validatord.version
    let inference = node.peers.inference(
      backend, workers: pool, policy: policy, settings: serving, limits: settings.inference)
    self.inference = inference
    duty = OwnRunDuty(
      moments: view.dutyMoments, newest: { view.dutyMoment },
      journal: StoredOwnRuns(node.store, node.chain.feed.identity),
      maximumNewTokens: node.configuration.epoch.maximumNewTokens
    ) { tokens, count in
      try await inference.answerOwn(tokens, maximumNewTokens: count)
    }
    addHealth(to: node.health)
  }

  /// In the order in which they start; they end in the reverse one.
  var services: [any Service] {
    let ending: [any Service] = server.map { [ServerEnd(server: $0)] } ?? []
    let watching: [any Service] = watch.map { [$0] } ?? []
    return ending + watching + [inference, duty]
  }

  private func addHealth(to board: HealthBoard) {
    board.add("workers") { [inference, watch] in
      if let watch { return watch.health }
      let status = inference.status
      let ready = status.workers.count { $0.phase == .ready }
      let detail = "\(ready) of \(status.workers.count) workers are ready"
      let reason = status.workers.lazy.compactMap(\.lastFailure).first.map { "; \($0.message)" } ?? ""
      guard status.isReady else { return .waiting(detail + reason) }
      return status.isDegraded ? .impaired(detail + reason) : .well(detail)
    }
    board.add("duty") { [duty] in .well(duty.status) }
  }

  /// Closes the connections with the server, once nothing is asked of it any more.
  private struct ServerEnd: Service {
    let server: CompletionsBackend

    func run() async throws {
      try? await gracefulShutdown()
      try? await server.shutdown()
    }
  }
}
