import Foundation
import Hoster
import LibP2P
import Protocols

/// Measures what lies between a peer and a worker: a worker whose tokens are the times at which it made them, and the
/// peers that read them. Benchmarks/hoster.py starts the processes. Figures go to standard output as one JSON object,
/// in seconds.
///
///     HosterPath worker                       computes for the hoster that starts it
///     HosterPath listen                       is the same worker, called over a connection of its own
///     HosterPath tokens KEY HOSTER DIRECT     how old tokens are when they come, on either way
///     HosterPath crowd TOKENS LONE HOSTER KEY…
///                                             200 streams of several peers at a time, the last LONE of which have one
///     HosterPath info KEY HOSTER WORKERS      how long rpc_info takes while every worker computes for ten seconds
@main
enum HosterPath {
  static func main() async throws {
    ProcessMemory.keepFreed()
    let arguments = Array(CommandLine.arguments.dropFirst())
    let rest = Array(arguments.dropFirst())
    switch (arguments.first, rest.count) {
    case ("worker", 0): try await InferenceWorker.run { StampingBackend() }
    case ("listen", 0): try await listen()
    case ("tokens", 3): try await TokenAges.measure(key: rest[0], hoster: rest[1], direct: rest[2])
    case ("crowd", 4...):
      try await Crowd.measure(
        tokens: Int32(rest[0]) ?? 0, lone: Int(rest[1]) ?? 0, hoster: rest[2], keys: Array(rest[3...]))
    case ("info", 3): try await Information.measure(key: rest[0], hoster: rest[1], workers: Int(rest[2]) ?? 0)
    default: throw Failure("see the head of HosterPath.swift for what to say")
    }
  }

  /// What makes a figure worthless.
  struct Failure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
  }

  /// A node that knows everybody's stake, as a cached answer of the chain would tell it.
  static func node(_ identity: PrivateKey, listening: Bool = false) throws -> (services: PeerServices, gate: Gate) {
    var configuration = HostConfiguration(identity: identity)
    if listening { configuration.listenAddresses = [try Multiaddr("/ip4/127.0.0.1/tcp/0")] }
    let gate = Gate(
      stake: Everybody(),
      authorizer: ProofOfStakeAuthorizer(try MessageSigner(identity), memory: ReplayMemory(), stake: Everybody()))
    return (PeerServices(try P2PHost(configuration)), gate)
  }

  /// Runs `body` with the procedures of a peer that is connected.
  static func withStub(
    _ identity: PrivateKey, _ address: String, _ body: (Stub<InferenceProtocol>) async throws -> Void
  ) async throws {
    let (services, gate) = try node(identity)
    let running = Task { try await services.run() }
    defer { running.cancel() }
    let peer = try await services.host.connect(at: try Multiaddr(address)).peer
    // What the peer speaks saves a round trip in each call, once it is known.
    while services.store.identity(of: peer) == nil { try await Task.sleep(for: .milliseconds(10)) }
    try await body(InferenceProtocol.getServerStub(services.host, peer, gate: gate))
  }

  /// Writes what was measured.
  static func report(_ figures: [String: Double]) {
    let fields = figures.sorted { $0.key < $1.key }.map { "\"\($0.key)\": \($0.value)" }
    FileHandle.standardOutput.write(Data("{\(fields.joined(separator: ", "))}\n".utf8))
  }

  private static func listen() async throws {
    let (services, gate) = try node(try PrivateKey.generate(.ed25519), listening: true)
    var settings = InferenceSettings()
    settings.maximumNewTokens = 1024
    let hoster = InferenceHoster(services.host, gate: gate, backend: StampingBackend(), settings: settings)
    try await services.host.start()
    guard let address = try services.host.listenAddresses.first?.withPeer(services.host.peerID) else {
      throw Failure("nowhere to listen")
    }
    let serving = Task { try await hoster.run() }
    FileHandle.standardOutput.write(Data("{\"event\": \"listening\", \"multiaddr\": \"\(address)\"}\n".utf8))
    try await services.run()
    serving.cancel()
  }
}

/// Stands where a cached answer of the chain would.
struct Everybody: StakeVerifier {
  func standing(of peer: PeerID, atLeast minimum: NodeClass) async -> Standing { .staked }
  func revocations() -> AsyncStream<PeerID> { AsyncStream { $0.finish() } }
}
