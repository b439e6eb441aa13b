import LibP2P
import Protocols
import Synchronization

/// A peer of the subnet inside the test, with a host of its own, that says of itself what the test wants.
final class RolePeer: Sendable {
  enum Outcome: Hashable {
    case tokens([Int64])
    /// With the hoster's words.
    case refused(String)
  }

  private let host: P2PHost
  private let information: Information
  private let stub: Stub<InferenceProtocol>

  /// Runs `body` beside the peer, which is connected with the node at an address.
  static func with(
    _ peer: ManualSubnet.Peer, calling address: String, _ body: (RolePeer) async throws -> Void
  ) async throws {
    var configuration = HostConfiguration(identity: peer.key)
    configuration.listenAddresses = [try Multiaddr("/ip4/127.0.0.1/tcp/0")]
    configuration.logger.logLevel = .critical
    configuration.timeouts.shutdown = .milliseconds(100)
    let host = try P2PHost(configuration)
    try await host.start()
    let result: Result<Void, any Error>
    do {
      // The hoster's stake is not the question here; calls are signed as it wants them.
      let gate = Gate.insecure(SignatureAuthorizer(try MessageSigner(peer.key), memory: ReplayMemory()))
      var quiet = RPCConfiguration()
      quiet.logger.logLevel = .critical
      let information = Information()
      try information.addP2PHandlers(to: host, gate: gate, configuration: quiet)
      let hoster = try await host.connect(at: Multiaddr(address)).peer
      let stub = InferenceProtocol.getServerStub(host, hoster, gate: gate, configuration: quiet)
      result = .success(try await body(RolePeer(host, information, stub)))
    } catch {
      result = .failure(error)
    }
    await host.shutdown()
    try result.get()
  }

  private init(_ host: P2PHost, _ information: Information, _ stub: Stub<InferenceProtocol>) {
    self.host = host
    self.information = information
    self.stub = stub
  }

  /// From now on it says that it is this.
  func say(_ role: NodeRole) { information.state.withLock { $0.role = role } }

  /// How often it was asked what it is.
  var questions: Int { information.state.withLock(\.questions) }

  /// Asks the node for inference.
  func ask(_ prompt: [Int64]) async throws -> Outcome {
    do {
      var tokens: [Int64] = []
      let tensor = try Tensor(tokenIDs: prompt.map { Int32(truncatingIfNeeded: $0) })
      for try await tensor in try await stub.inferenceStream(tensor: tensor, deadline: .now + RunningProgram.patience) {
        tokens += try tensor.tokenIDs().map(Int64.init)
      }
      return .tokens(tokens)
    } catch let error as CallError {
      guard let text = error.remoteText else { throw error }
      return .refused(text)
    }
  }

  /// Answers `rpc_info`, and counts who asks.
  private final class Information: Servicer, InferenceProcedures {
    static let className = "InferenceProtocol"
    let state = Mutex((role: NodeRole.validator, questions: 0))

    var handlers: [RPCHandler] {
      [
        Self.rpcInfo.handler { _, _ in
          let role = self.state.withLock { state in
            state.questions += 1
            return state.role
          }
          return NodeInformation(version: "1", role: role).message
        }
      ]
    }
  }
}
