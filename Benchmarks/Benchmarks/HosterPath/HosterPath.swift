import Hoster
import LibP2P
import MeasuredNode
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
///     HosterPath cancel KEY HOSTER            how long a worker goes on when the caller has gone
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
    case ("cancel", 2): try await Cancellation.measure(key: rest[0], hoster: rest[1])
    case ("crowd", 4...):
      try await Crowd.measure(
        tokens: Int32(rest[0]) ?? 0, lone: Int(rest[1]) ?? 0, hoster: rest[2], keys: Array(rest[3...]))
    case ("info", 3): try await Information.measure(key: rest[0], hoster: rest[1], workers: Int(rest[2]) ?? 0)
    default: throw Worthless("see the head of HosterPath.swift for what to say")
    }
  }

  /// Runs `body` with the procedures of a peer that is connected.
  static func withStub(
    _ identity: PrivateKey, _ address: String, _ body: (Stub<InferenceProtocol>) async throws -> Void
  ) async throws {
    let node = try MeasuredNode(identity)
    try await node.connected(with: try Multiaddr(address)) { connection in
      try await body(InferenceProtocol.getServerStub(node.host, connection.peer, gate: node.gate))
    }
  }

  private static func listen() async throws {
    let node = try MeasuredNode(listening: true)
    var settings = InferenceSettings()
    settings.maximumNewTokens = 1024
    let hoster = InferenceHoster(node.host, gate: node.gate, backend: StampingBackend(), settings: settings)
    let serving = Task { try await hoster.run() }
    defer { serving.cancel() }
    try await node.serve()
  }
}
