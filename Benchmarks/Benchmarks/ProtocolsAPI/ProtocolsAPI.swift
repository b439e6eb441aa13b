import AsyncHTTPClient
import Foundation
import LibP2P
import MeasuredNode
import NIOCore
import Protocols

/// Measures what the API protocol costs between a caller and an HTTP server. The figures go to standard output as one
/// JSON object: times in seconds, rates in bytes a second.
///
///     ProtocolsAPI server               is the HTTP server
///     ProtocolsAPI listen URL           is the node with routes to it; says where it listens
///     ProtocolsAPI call MULTIADDR URL   calls the node, signed and behind proof of stake, and the server directly
@main
enum ProtocolsAPI {
  /// Bytes of a stream.
  static let bytes = 1 << 30
  static let calls = 2_000

  static func main() async throws {
    let arguments = Array(CommandLine.arguments.dropFirst())
    switch (arguments.first, arguments.dropFirst().first, arguments.dropFirst(2).first) {
    case ("server", nil, nil): try await server()
    case ("listen", let url?, nil): try await listen(url)
    case ("call", let address?, let url?): try await call(try Multiaddr(address), url)
    default: throw Worthless("see the head of ProtocolsAPI.swift for what to say")
    }
  }

  // MARK: Server, node and caller

  private static func server() async throws {
    let (channel, port) = try await FastServer.start(bytes: bytes)
    Figures.say(#"{"event": "listening", "url": "http://127.0.0.1:\#(port)"}"#)
    try await channel.closeFuture.get()
  }

  private static func listen(_ url: String) async throws {
    let node = try MeasuredNode(listening: true)
    let host = node.host
    host.handle(BlastProtocol.id, BlastProtocol.serve)
    var config = ApiProtocolConfig(routes: [
      "bytes": ApiRoute(url: "\(url)/bytes", stream: true), "short": ApiRoute(url: "\(url)/short"),
    ])
    config.limits.maximumResponse = bytes
    config.limits.peerRate = .init(burst: 1_000_000, interval: .nanoseconds(1))
    config.limits.rate = config.limits.peerRate
    let api = ApiProtocol(host: host, config: config, gate: node.gate, peers: node.services.store)
    try await node.serve()
    withExtendedLifetime(api) {}
  }

  private static func call(_ address: Multiaddr, _ url: String) async throws {
    let node = try MeasuredNode()
    try await node.connected(with: address) { _ in
      let api = ApiProtocol(host: node.host, gate: node.gate, peers: node.services.store)
      var figures = try await streams(api, address, node.host, url)
      figures.merge(try await latencies(api, address, url)) { $1 }
      Figures.report(figures)
    }
  }

  // MARK: Measuring

  /// Bytes a second of the secure stream alone, of the API protocol on it, and of the server without either.
  private static func streams(
    _ api: ApiProtocol, _ address: Multiaddr, _ host: P2PHost, _ url: String
  ) async throws -> [String: Double] {
    let raw = try await rate {
      let stream = try await host.connect(at: address).openStream([BlastProtocol.id])
      try await stream.write(ByteBuffer(integer: UInt64(bytes)))
      var count = 0
      while count < bytes, let piece = try await stream.read() { count += piece.readableBytes }
      stream.close()
      return count
    }
    func streamed(_ version: ApiVersion) async throws -> Double {
      try await rate {
        var count = 0
        let request = ApiRequest(route: "bytes", responseType: .stream)
        for try await piece in try await api.call(address, request, options: only(version)).body {
          count += piece.readableBytes
        }
        return count
      }
    }
    let http = try await rate {
      var count = 0
      let response = try await HTTPClient.shared.execute(HTTPClientRequest(url: "\(url)/bytes"), timeout: .minutes(1))
      for try await piece in response.body { count += piece.readableBytes }
      return count
    }
    return [
      "secure stream": raw, "API 1.1.0, stream": try await streamed(.framed),
      "API 1.0.0, stream": try await streamed(.plain), "HTTP, stream": http,
    ]
  }

  /// Medians of short calls, which take turns so that the machine's moods hit all alike.
  private static func latencies(
    _ api: ApiProtocol, _ address: Multiaddr, _ url: String
  ) async throws -> [String: Double] {
    var times: [String: [Double]] = [:]
    for number in 0..<calls + 200 {
      func measure(_ name: String, _ body: () async throws -> ByteBuffer) async throws {
        let start = ContinuousClock.now
        guard try await body() == ByteBuffer(string: #"{"ok":true}"#) else { throw Worthless("a wrong answer") }
        if number >= 200 { times[name, default: []].append((ContinuousClock.now - start) / .seconds(1)) }
      }
      try await measure("HTTP, call") {
        let request = HTTPClientRequest(url: "\(url)/short")
        return try await HTTPClient.shared.execute(request, timeout: .minutes(1)).body.collect(upTo: 1 << 10)
      }
      for (name, version) in [("API 1.1.0, call", ApiVersion.framed), ("API 1.0.0, call", .plain)] {
        try await measure(name) { try await api.callRemote(address, "short", options: only(version)) }
      }
    }
    return times.mapValues { $0.sorted()[$0.count / 2] }
  }

  private static func only(_ version: ApiVersion) -> ApiCallOptions {
    var options = ApiCallOptions()
    options.versions = [version]
    options.maximumResponse = bytes
    return options
  }

  private static func rate(_ body: () async throws -> Int) async throws -> Double {
    let start = ContinuousClock.now
    guard try await body() == bytes else { throw Worthless("a stream was cut") }
    return Double(bytes) / ((ContinuousClock.now - start) / .seconds(1))
  }

  private static func say(_ line: String) { FileHandle.standardOutput.write(Data("\(line)\n".utf8)) }
}

/// Stands where a cached answer of the chain would.
struct Everybody: StakeVerifier {
  func standing(of peer: PeerID, atLeast minimum: NodeClass) async -> Standing { .staked }
  func revocations() -> AsyncStream<PeerID> { AsyncStream { $0.finish() } }
}
