public import LibP2P
public import Logging
public import Protocols
public import ServiceLifecycle

/// Inference as a node of a subnet offers it: the procedures behind the node's gate, the queue, and the workers.
///
/// Run it as a service beside the host. It serves from the start, so that peers learn what the node is while a model
/// is still loaded; what they ask to be computed fails until a worker is ready.
public struct InferenceHoster: Service {
  /// Answers its peers.
  public let service: InferenceService
  private let p2p: any P2P
  /// Where the node calls itself.
  private let loopback: LoopbackNode
  private let gate: Gate
  private let settings: InferenceSettings
  private let server: AsyncInferenceServer?
  private let workers: WorkerPool?
  private let configuration: RPCConfiguration

  /// - Parameters:
  ///   - p2p: the node.
  ///   - gate: judges the peers that call.
  ///   - backend: what computes; nil for a node without a model, which is a validator.
  ///   - workers: those behind `backend`, which run as long as this does; nil if it has none.
  ///   - policy: the hook that judges what other peers ask.
  ///   - configuration: of the registration; its limits apply to `rpc_info`.
  public init(
    _ p2p: any P2P, gate: Gate, backend: (any InferenceBackend)?, workers: WorkerPool? = nil,
    policy: any InferencePolicy = ServeEverything(), settings: InferenceSettings = InferenceSettings(),
    limits: InferenceLimits = InferenceLimits(), configuration: RPCConfiguration = RPCConfiguration(),
    logger: Logger = Logger(label: "hoster.inference")
  ) {
    self.p2p = p2p
    loopback = LoopbackNode(of: p2p.peerID)
    self.gate = gate
    self.settings = settings
    self.workers = workers
    self.configuration = configuration
    server = backend.map { AsyncInferenceServer($0, limits: limits, logger: logger) }
    service = InferenceService(server, policy: policy, settings: settings, logger: logger)
  }

  /// How it is.
  public var status: HosterStatus {
    HosterStatus(role: service.information.role, load: server?.load, workers: workers?.status ?? [])
  }

  /// Serves until the service group shuts down, then takes the procedures off, lets what is computed come to its end
  /// for ``InferenceSettings/drainTime``, and stops the workers.
  ///
  /// - Throws: ``ServicerError`` if something else serves them on this node.
  public func run() async throws {
    let inference = service.servicer(as: InferenceProtocol.self)
    let mock = service.servicer(as: MockProtocol.self)
    try inference.addP2PHandlers(to: loopback, gate: gate, configuration: configuration)
    defer { inference.removeP2PHandlers(from: loopback) }
    try inference.addP2PHandlers(to: p2p, gate: gate, configuration: configuration)
    do throws(ServicerError) {
      try mock.addP2PHandlers(to: p2p, gate: gate, configuration: configuration)
    } catch {
      inference.removeP2PHandlers(from: p2p)
      throw error
    }
    await workers?.runInBackground()
    // A cancelled task ends it as well.
    try? await gracefulShutdown()
    inference.removeP2PHandlers(from: p2p)
    mock.removeP2PHandlers(from: p2p)
    await server?.stop(within: settings.drainTime)
    await workers?.shutdown()
  }

  /// Waits until all workers are ready.
  ///
  /// - Throws: as ``WorkerSupervisor/awaitReady(timeout:)``.
  public func awaitReady(timeout: Duration? = nil) async throws { try await workers?.awaitReady(timeout: timeout) }

  /// The inference procedures of a node, which may be this one, called as this one.
  public func getStub(_ peer: PeerID, semaphore: RPCSemaphore = .unlimited) -> Stub<InferenceProtocol> {
    InferenceProtocol.getServerStub(
      peer == p2p.peerID ? loopback : p2p, peer, gate: gate, semaphore: semaphore, configuration: configuration)
  }

  /// Asks this node itself through its own procedures, as its duties do: signed and judged as a peer's call, but no
  /// policy is asked (P-76), and it goes before ordinary requests.
  ///
  /// - Throws: as ``Stub/inferenceStream(prompt:tensor:maximumNewTokens:deadline:)``, here or from the stream, which
  ///   also throws ``TensorError`` for an answer that is no token ids.
  public func answerOwn(_ prompt: [Int32], maximumNewTokens: Int32) async throws -> TokenStream {
    let answer = try await getStub(p2p.peerID).inferenceStream(
      tensor: Tensor(tokenIDs: prompt), maximumNewTokens: maximumNewTokens)
    let (stream, tokens) = TokenStream.makeStream()
    let reading = Task {
      do {
        for try await tensor in answer {
          for token in try tensor.tokenIDs() { tokens.yield(token) }
        }
        tokens.finish()
      } catch { tokens.finish(throwing: error) }
    }
    tokens.onTermination = { _ in reading.cancel() }
    return stream
  }
}
