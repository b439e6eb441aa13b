import Foundation
import LibP2P
import MeasuredNode
import Protocols

/// Measures calls between two nodes, each in a process of its own. The figures go to standard output as one JSON
/// object: times in seconds, rates in calls or messages a second.
///
///     ProtocolsCalls listen           is the node that is called; says where it listens
///     ProtocolsCalls call MULTIADDR   calls it, signed and behind proof of stake, and unsigned
@main
enum ProtocolsCalls {
  /// Calls under way at a time where the rate is measured.
  static let inFlight = 16
  static let shortCalls = 8_000
  static let longCalls = 2_000
  static let tokens: Int32 = 10_000

  static func main() async throws {
    ProcessMemory.keepFreed()
    let arguments = Array(CommandLine.arguments.dropFirst())
    switch (arguments.first, arguments.dropFirst().first) {
    case ("listen", nil): try await listen()
    case ("call", let address?): try await call(try Multiaddr(address))
    default: throw Worthless("see the head of ProtocolsCalls.swift for what to say")
    }
  }

  // MARK: The two nodes

  private static func listen() async throws {
    let node = try MeasuredNode(listening: true)
    try Parrot().addP2PHandlers(to: node.host, gate: node.gate)
    try Parrot().addP2PHandlers(to: node.host, gate: .insecure(), namespace: "unsigned")
    try await node.serve()
  }

  private static func call(_ address: Multiaddr) async throws {
    let node = try MeasuredNode()
    try await node.connected(with: address) { connection in try await call(node, connection) }
  }

  private static func call(_ node: MeasuredNode, _ connection: P2PConnection) async throws {
    let signed = Parrot.getServerStub(node.host, connection.peer, gate: node.gate)
    let unsigned = Parrot.getServerStub(node.host, connection.peer, gate: .insecure(), namespace: "unsigned")
    var figures: [String: Double] = [:]
    for (size, name, count) in [(8, "8 B", shortCalls), (64 << 10, "64 KiB", longCalls)] {
      let request = InferenceRequestAuth.with { $0.tensor.buffer = Data(repeating: 7, count: size) }
      @Sendable func once() async throws {
        let answer = try await signed.rpcRepeat(request)
        guard answer.tensors.first?.buffer.count == size else { throw Worthless("a short answer") }
      }
      // As those call who call often: on the connection's own thread.
      let (times, all) = try await withTaskExecutorPreference(connection.executor) {
        for _ in 0..<200 { try await once() }
        var times: [Double] = []
        for _ in 0..<count / 4 { times.append(try await seconds(once)) }
        return (times, try await seconds { try await together(count, once) })
      }
      figures["signed call, \(name)"] = times.sorted()[times.count / 2]
      figures["signed calls, \(name)"] = Double(count) / all
    }
    let request = InferenceRequestAuth.with { $0.maxNewTokens = tokens }
    figures["signed messages"] = try await rate(signed.rpcTokens, request)
    figures["unsigned messages"] = try await rate(unsigned.rpcTokens, request)
    figures["signatures made and verified"] = try signatures()
    Figures.report(figures)
  }

  // MARK: Measuring

  private static func seconds(_ body: () async throws -> Void) async throws -> Double {
    let start = ContinuousClock.now
    try await body()
    return (ContinuousClock.now - start) / .seconds(1)
  }

  private static func together(_ count: Int, _ body: @escaping @Sendable () async throws -> Void) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<inFlight {
        group.addTask { for _ in 0..<count / inFlight { try await body() } }
      }
      try await group.waitForAll()
    }
  }

  /// Messages a second of the better of two streams.
  private static func rate(
    _ call: ServerStreamCall<InferenceRequestAuth, InferenceResponseAuth>, _ request: InferenceRequestAuth
  ) async throws -> Double {
    var best = 0.0
    for _ in 0..<2 {
      var count: Int32 = 0
      let time = try await seconds { for try await _ in try await call(request) { count += 1 } }
      guard count == request.maxNewTokens else { throw Worthless("a short stream") }
      best = max(best, Double(count) / time)
    }
    return best
  }

  /// How many messages of 300 bytes one core signs and verifies in a second.
  private static func signatures() throws -> Double {
    let key = try PrivateKey.generate(.ed25519)
    let (message, count) = ([UInt8](repeating: 1, count: 300), 4_000)
    let start = ContinuousClock.now
    for _ in 0..<count {
      guard key.publicKey.isValidSignature(try key.sign(message), for: message) else { throw Worthless("a signature") }
    }
    return Double(count) / ((ContinuousClock.now - start) / .seconds(1))
  }
}

/// Says what it is told, once or token by token.
struct Parrot: Servicer {
  static let rpcRepeat = RPC<InferenceRequestAuth, InferenceResponseAuth>.unary("rpc_repeat")
  static let rpcTokens = RPC<InferenceRequestAuth, InferenceResponseAuth>.serverStream("rpc_tokens")

  var handlers: [RPCHandler] {
    [
      Self.rpcRepeat.handler { request, _ in .with { $0.tensors = [request.tensor] } }.onEventLoop(),
      Self.rpcTokens.handler { request, _, responses in
        for _ in 0..<request.maxNewTokens { try await responses.write(.with { $0.output = "tok" }) }
      },
    ]
  }
}
