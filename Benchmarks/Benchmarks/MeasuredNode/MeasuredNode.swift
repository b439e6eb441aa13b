public import LibP2P
public import Protocols

/// A node whose calls are signed and stand behind proof of stake, on loopback.
public struct MeasuredNode: Sendable {
  public let services: PeerServices
  public let gate: Gate

  public var host: P2PHost { services.host }

  /// - Parameters:
  ///   - identity: a new one unless given.
  ///   - listening: on a port of the system's choice.
  public init(_ identity: PrivateKey? = nil, listening: Bool = false) throws {
    let identity = try identity ?? PrivateKey.generate(.ed25519)
    var configuration = HostConfiguration(identity: identity)
    if listening { configuration.listenAddresses = [try Multiaddr("/ip4/127.0.0.1/tcp/0")] }
    gate = Gate(
      stake: Everybody(),
      authorizer: ProofOfStakeAuthorizer(try MessageSigner(identity), memory: ReplayMemory(), stake: Everybody()))
    services = PeerServices(try P2PHost(configuration))
  }

  /// Says where it listens, as a line of JSON, and runs until the process is ended.
  public func serve() async throws {
    try await host.start()
    guard let address = try host.listenAddresses.first?.withPeer(host.peerID) else {
      throw Worthless("nowhere to listen")
    }
    Figures.say(#"{"event": "listening", "multiaddr": "\#(address)"}"#)
    try await services.run()
  }

  /// Runs `body` while the node is connected with a peer.
  public func connected<Value>(
    with address: Multiaddr, _ body: (P2PConnection) async throws -> Value
  ) async throws -> Value {
    let running = Task { try await services.run() }
    defer { running.cancel() }
    let connection = try await host.connect(at: address)
    // What the peer speaks saves a round trip in each call, once it is known.
    while services.store.identity(of: connection.peer) == nil { try await Task.sleep(for: .milliseconds(10)) }
    return try await body(connection)
  }
}
