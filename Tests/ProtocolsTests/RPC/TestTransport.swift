import LibP2P
import Protocols
import Testing

/// What the suites of calls run over: the same tests hold for both.
enum TestTransport: CaseIterable {
  case inProcess, tcp

  /// Two nodes that reach each other.
  struct Peers {
    let servicer: any P2P
    let client: any P2P
  }

  /// Runs `body` with two connected nodes, and stops them.
  func withPeers(_ body: (Peers) async throws -> Void) async throws {
    switch self {
    case .inProcess:
      let network = InProcessNetwork()
      try await body(
        Peers(
          servicer: network.join(as: try PrivateKey.generate(.ed25519).peerID),
          client: network.join(as: try PrivateKey.generate(.ed25519).peerID)))
    case .tcp:
      let (servicer, client) = (try await TestHosts.make(), try await TestHosts.make())
      let result: Result<Void, any Error>
      do {
        _ = try await client.connect(to: servicer.peerID, at: servicer.listenAddresses)
        result = .success(try await body(Peers(servicer: servicer, client: client)))
      } catch {
        result = .failure(error)
      }
      for host in [client, servicer] { await host.shutdown() }
      try result.get()
    }
  }
}

extension TestTransport.Peers {
  /// A stub of the test servicer, which is served without a gate.
  func arithmetic(
    _ events: Events = Events(), semaphore: RPCSemaphore = .unlimited, limits: CallLimits = CallLimits()
  ) throws -> Stub<Arithmetic> {
    var configuration = RPCConfiguration.quiet
    configuration.limits = limits
    try Arithmetic(events: events).addP2PHandlers(to: servicer, gate: .insecure(), configuration: configuration)
    return Arithmetic.getServerStub(
      client, servicer.peerID, gate: .insecure(), semaphore: semaphore, configuration: configuration)
  }

  /// A bare stream to one of the test servicer's methods.
  func open(_ method: String) async throws -> any PeerStream {
    try await client.openStream(to: servicer.peerID, in: "Arithmetic.\(method)")
  }
}

extension RPCConfiguration {
  /// Logs nothing that a test provokes.
  static var quiet: RPCConfiguration {
    var configuration = RPCConfiguration()
    configuration.logger.logLevel = .critical
    return configuration
  }
}
