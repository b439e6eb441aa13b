import Foundation
import LibP2P
import NIOCore

/// Measures the network, usually against a peer in another process; peers of other implementations do. The figures
/// go to standard output as one JSON object: times in seconds, memory in KiB, rates in bytes a second.
///
///     LibP2PPeers listen                    is the peer to measure against; says where it listens
///     LibP2PPeers call MULTIADDR BYTES      connect, ping, stream, transfers
///     LibP2PPeers streams COUNT MULTIADDR   what short streams in sequence leave behind
///     LibP2PPeers idle COUNT                what idle connections cost at both ends, which are in this process
///     LibP2PPeers records COUNT             what so many signed peer records leave behind
///     LibP2PPeers cipher                    how fast Noise seals and opens, without a network
@main
enum LibP2PPeers {
  static func main() async throws {
    ProcessMemory.keepFreed()
    let arguments = Array(CommandLine.arguments.dropFirst())
    switch (arguments.first, arguments.dropFirst().first, arguments.dropFirst(2).first) {
    case ("listen", nil, nil): try await listen()
    case ("call", let address?, let bytes?): try await report(Calls.measure(Multiaddr(address), bytes: number(bytes)))
    case ("streams", let count?, let address?):
      try await report(Load.streams(number(count), Multiaddr(address)))
    case ("idle", let count?, nil): try await report(Load.idle(number(count)))
    case ("records", let count?, nil): try report(Load.records(number(count)))
    case ("cipher", nil, nil): try report(Cipher.measure())
    default: throw Failure("see the head of LibP2PPeers.swift for what to say")
    }
  }

  /// What makes a figure worthless.
  struct Failure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
  }

  /// A host that bears what is measured.
  static func host(listening: Bool = false) throws -> P2PHost {
    var configuration = HostConfiguration(identity: try PrivateKey.generate(.ed25519))
    if listening { configuration.listenAddresses = [try Multiaddr("/ip4/127.0.0.1/tcp/0")] }
    configuration.limits.peer = ResourceLimits.Scope()
    configuration.limits.address = ResourceLimits.Scope()
    configuration.limits.system.connections = .max
    configuration.limits.system.inboundConnections = .max
    configuration.limits.system.outboundConnections = .max
    configuration.highWatermark = .max
    return try P2PHost(configuration)
  }

  private static func listen() async throws {
    let host = try host(listening: true)
    for (id, serve) in [
      (EchoProtocol.id, EchoProtocol.serve), (BlastProtocol.id, BlastProtocol.serve),
      (SinkProtocol.id, SinkProtocol.serve),
    ] as [(String, StreamHandler)] { host.handle(id, on: .eventLoop, serve) }
    let ping = PingService(host)
    try await host.start()
    guard let address = try host.listenAddresses.first?.withPeer(host.peerID) else {
      throw Failure("nowhere to listen")
    }
    FileHandle.standardOutput.write(Data("{\"event\": \"listening\", \"multiaddr\": \"\(address)\"}\n".utf8))
    while true { try await Task.sleep(for: .seconds(3600)) }
    withExtendedLifetime(ping) {}
  }

  private static func number<Number: FixedWidthInteger>(_ text: String) throws -> Number {
    guard let number = Number(text) else { throw Failure("\(text) is not a number") }
    return number
  }

  private static func report(_ figures: [String: Double]) throws {
    FileHandle.standardOutput.write(try JSONSerialization.data(withJSONObject: figures, options: .sortedKeys))
  }
}

extension [Double] {
  var median: Double { isEmpty ? 0 : sorted()[count / 2] }
}

/// Seconds that `body` takes.
func seconds(_ body: () async throws -> Void) async throws -> Double {
  let start = NIODeadline.now()
  try await body()
  return Double((NIODeadline.now() - start).nanoseconds) / 1e9
}
