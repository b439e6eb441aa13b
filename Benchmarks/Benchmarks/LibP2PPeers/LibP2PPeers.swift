import Foundation
import LibP2P
import NIOCore

/// Measures the network against a peer in another process, which may be of any implementation:
///
///     LibP2PPeers MULTIADDR [BYTES]      connect, ping, open, blast and sink, as one JSON object
///     LibP2PPeers --idle N MULTIADDR     what N idle connections cost this process and the peer's
///     LibP2PPeers --streams N MULTIADDR  what N short streams in sequence leave behind
@main
struct LibP2PPeers {
  static func main() async throws {
    var arguments = Array(CommandLine.arguments.dropFirst())
    func take() -> String? { arguments.isEmpty ? nil : arguments.removeFirst() }
    guard let first = take() else { throw Usage() }
    switch first {
    case "--idle":
      guard let count = take().flatMap(Int.init), let address = take() else { throw Usage() }
      try await idle(count, try Multiaddr(address))
    case "--streams":
      guard let count = take().flatMap(Int.init), let address = take() else { throw Usage() }
      try await streams(count, try Multiaddr(address))
    default: try await call(try Multiaddr(first), bytes: take().flatMap(UInt64.init) ?? 256 << 20)
    }
  }

  struct Usage: Error {}

  static func host(listening: Bool = false) throws -> P2PHost {
    var configuration = HostConfiguration(identity: try PrivateKey.generate(.ed25519))
    configuration.limits.peer = ResourceLimits.Scope()
    return try P2PHost(configuration)
  }

  private static func call(_ address: Multiaddr, bytes: UInt64) async throws {
    var connects: [Double] = []
    for _ in 0..<10 {
      let host = try host()
      let start = NIODeadline.now()
      let stream = try await host.connect(at: address).openStream([EchoProtocol.id], assumed: true)
      _ = try await EchoProtocol.call(stream, ByteBuffer(bytes: [1]))
      connects.append(milliseconds(since: start))
      stream.close()
      await host.shutdown()
    }
    let host = try host()
    let connection = try await host.connect(at: address)
    var ping = try await PingService(host).open(connection)
    var pings: [Double] = []
    for _ in 0..<2_000 { pings.append(Double(try await ping.roundTrip().nanoseconds) / 1e6) }
    var opens: [Double] = []
    for _ in 0..<200 {
      let start = NIODeadline.now()
      let stream = try await connection.openStream([EchoProtocol.id])
      opens.append(milliseconds(since: start))
      stream.close()
    }
    var start = NIODeadline.now()
    let blast = try await BlastProtocol.call(try await connection.openStream([BlastProtocol.id]), count: bytes)
    let blastTime = milliseconds(since: start)
    guard blast == (bytes, BlastProtocol.digest(count: bytes)) else { throw Usage() }
    start = NIODeadline.now()
    guard try await SinkProtocol.call(try await connection.openStream([SinkProtocol.id]), count: bytes) else {
      throw Usage()
    }
    let sinkTime = milliseconds(since: start)
    await host.shutdown()
    report([
      "connect + first byte ms": median(connects), "ping p50 ms": median(pings), "stream open p50 ms": median(opens),
      "blast MB/s": Double(bytes) / blastTime / 1e3, "sink MB/s": Double(bytes) / sinkTime / 1e3,
    ])
  }

  private static func idle(_ count: Int, _ address: Multiaddr) async throws {
    let before = residentBytes()
    var hosts: [P2PHost] = []
    for _ in 0..<count {
      let host = try host()
      _ = try await host.connect(at: address)
      hosts.append(host)
    }
    try await Task.sleep(for: .seconds(2))
    report(["KiB per idle connection": Double(residentBytes() - before) / Double(count) / 1024])
    withExtendedLifetime(hosts) {}
  }

  private static func streams(_ count: Int, _ address: Multiaddr) async throws {
    let connection = try await host().connect(at: address)
    func run(_ count: Int) async throws {
      for _ in 0..<count {
        let stream = try await connection.openStream([EchoProtocol.id], assumed: true)
        _ = try await EchoProtocol.call(stream, ByteBuffer(bytes: [1]))
        stream.close()
      }
    }
    try await run(count / 10)
    let (before, start) = (residentBytes(), NIODeadline.now())
    try await run(count)
    report([
      "streams/s": Double(count) / milliseconds(since: start) * 1e3,
      "KiB grown": Double(residentBytes() - before) / 1024,
    ])
  }

  // MARK: Figures

  private static func milliseconds(since start: NIODeadline) -> Double {
    Double((NIODeadline.now() - start).nanoseconds) / 1e6
  }

  private static func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

  private static func residentBytes() -> Int {
    let fields = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?.split(separator: " ") ?? []
    return (fields.count > 1 ? Int(fields[1]) ?? 0 : 0) * 4096
  }

  private static func report(_ figures: [String: Double]) {
    let fields = figures.sorted { $0.key < $1.key }.map { "\"\($0.key)\": \((($0.value) * 1e4).rounded() / 1e4)" }
    print("{" + fields.joined(separator: ", ") + "}")
  }
}
