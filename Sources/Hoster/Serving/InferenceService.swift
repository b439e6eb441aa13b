import LibP2P
public import Logging
public import Protocols

/// What stands behind the inference protocol of a node: answers calls with the tokens of an ``AsyncInferenceServer``.
///
/// One serves a node under every name of the protocol; see ``servicer(as:)``.
public final class InferenceService: Sendable {
  /// What callers read whose request is refused by the policy; published nodes say the same.
  static let refusal = RPCError("Invalid request. ", kind: "ValueError")
  /// The most bytes of a prompt's tensor, once it is decompressed.
  static let maximumPromptBytes = 1 << 20

  private let server: AsyncInferenceServer?
  private let policy: any InferencePolicy
  private let settings: InferenceSettings
  private let logger: Logger

  /// - Parameters:
  ///   - server: computes; nil for a node without a model, which is a validator.
  ///   - policy: the hook that judges what other peers ask.
  public init(
    _ server: AsyncInferenceServer?, policy: any InferencePolicy = ServeEverything(),
    settings: InferenceSettings = InferenceSettings(), logger: Logger = Logger(label: "hoster.inference")
  ) {
    self.server = server
    self.policy = policy
    self.settings = settings
    self.logger = logger
  }

  /// What the node says of itself: a hoster has a model, a validator has none.
  public var information: NodeInformation {
    NodeInformation(
      version: settings.version, isDHTClient: settings.isDHTClient, role: server == nil ? .validator : .hoster)
  }

  /// The procedures to be served under the name of a protocol.
  public func servicer<Declared: InferenceProcedures>(as declared: Declared.Type) -> InferenceServicer<Declared> {
    InferenceServicer(service: self, limits: settings.calls)
  }

  /// Answers one call (P-72 to P-78).
  ///
  /// - Throws: ``RPCError`` with what the caller may know.
  func answer(
    _ request: InferenceRequestAuth, _ context: P2PContext, _ responses: MessageWriter<InferenceResponseAuth>
  ) async throws {
    let tensor = try readable { () throws(TensorError) in
      try Tensor(request.tensor, limit: Self.maximumPromptBytes)
    }
    guard let server else {
      throw RPCError("this node serves no model: it is a validator", kind: "NotImplementedError")
    }
    let priority = try await priority(of: tensor, context.remoteID, isOwn: context.remoteID == context.localID)
    let prompt = try readable { () throws(TensorError) in try tensor.tokenIDs() }
    let inference = InferenceRequest(prompt: prompt, maximumNewTokens: try newTokens(request.maxNewTokens))
    do {
      let tokens = try server.submit(inference, priority: priority, peer: context.remoteID.description)
      for try await token in tokens { try await responses.write(try response(token)) }
    } catch let error as InferenceError {
      throw RPCError(error.callersText, kind: error.isCallersFault ? "ValueError" : "RuntimeError")
    }
  }

  private func priority(of tensor: Tensor, _ caller: PeerID, isOwn: Bool) async throws(RPCError) -> UInt8 {
    guard !isOwn else { return AsyncInferenceServer.validatorPriority }
    switch await policy.shouldProcessInference(tensor, from: caller) {
    case .serve: return AsyncInferenceServer.ordinaryPriority
    case .serveFirst: return AsyncInferenceServer.validatorPriority
    case .refuse(let reason):
      logger.info("refused a request for inference: \(reason)", metadata: ["peer": "\(caller)"])
      throw Self.refusal
    }
  }

  /// How many tokens a request gets. One that names no number gets what published callers ask for.
  private func newTokens(_ wanted: Int32) throws(RPCError) -> Int {
    guard wanted >= 0 else { throw RPCError("\(wanted) tokens can't be appended", kind: "ValueError") }
    let number = wanted == 0 ? Stub<InferenceProtocol>.defaultNewTokens : wanted
    return Int(min(number, settings.maximumNewTokens))
  }

  private func response(_ token: Int32) throws -> InferenceResponseAuth {
    let tensor = try Tensor(tokenIDs: [token], shape: [1]).message()
    return InferenceResponseAuth.with {
      $0.peer.nodeID = .init(settings.nodeID)
      $0.dhtTime = settings.clock()
      $0.output = "\(token)"
      $0.tensors = [tensor]
    }
  }

  /// A fault of the caller's tensor, in words that the caller reads.
  private func readable<Value>(_ body: () throws(TensorError) -> Value) throws(RPCError) -> Value {
    do throws(TensorError) {
      return try body()
    } catch {
      throw RPCError(error.message, kind: "ValueError")
    }
  }
}
