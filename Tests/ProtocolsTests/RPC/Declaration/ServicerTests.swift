import LibP2P
import Testing

@testable import Protocols

@Suite("Servicers")
struct ServicerTests {
  /// A servicer with any handlers.
  private struct Listing: Servicer {
    static let className = "Listing"
    static let rpcEcho = RPC<TestNumber, TestNumber>.unary("rpc_echo")
    let handlers: [RPCHandler]

    init(_ methods: String...) {
      handlers = methods.map { RPC<TestNumber, TestNumber>.unary($0).handler { request, _ in request } }
    }
  }

  private func node() throws -> InProcessNode {
    InProcessNetwork().join(as: try PrivateKey.generate(.ed25519).peerID)
  }

  @Test("P-12 P-18 all procedures are served, under the names of the mesh, and nothing else")
  func names() throws {
    let node = try node()
    try Arithmetic(events: Events()).addP2PHandlers(to: node, gate: .insecure())
    let methods = [
      "began", "big", "caller", "count_to", "flood", "forever", "powers", "square", "sum", "ticks", "wait",
    ]
    #expect(node.protocols == methods.map { "Arithmetic.rpc_\($0)" })
    try Arithmetic(events: Events()).addP2PHandlers(to: node, gate: .insecure(), namespace: "my_ns")
    #expect(node.protocols.contains("my_ns::Arithmetic.rpc_square") && node.protocols.count == 2 * methods.count)
  }

  @Test("P-1 a node serves several protocols, each for itself", arguments: TestTransport.allCases)
  func several(transport: TestTransport) async throws {
    try await transport.withPeers { peers in
      let echo = Listing("rpc_echo")
      try Arithmetic(events: Events()).addP2PHandlers(to: peers.servicer, gate: .insecure())
      try echo.addP2PHandlers(to: peers.servicer, gate: .insecure())
      let arithmetic = Arithmetic.getServerStub(peers.client, peers.servicer.peerID, gate: .insecure())
      let listing = Listing.getServerStub(peers.client, peers.servicer.peerID, gate: .insecure())
      #expect(try await arithmetic.rpcSquare(TestNumber(3)).number == 9)
      #expect(try await listing.rpcEcho(TestNumber(3)).number == 3)
      echo.removeP2PHandlers(from: peers.servicer)
      await #expect(throws: NegotiationError.self) { try await listing.rpcEcho(TestNumber(3)) }
      #expect(try await arithmetic.rpcSquare(TestNumber(4)).number == 16)
    }
  }

  @Test(
    "P-7 P-17 P-39 stubs of an instance and of the type reach every procedure, under its name; none comes without a gate"
  )
  func stubs() async throws {
    let network = InProcessNetwork()
    let (servicer, client) = (
      network.join(as: try PrivateKey.generate(.ed25519).peerID),
      network.join(as: try PrivateKey.generate(.ed25519).peerID)
    )
    let arithmetic = Arithmetic(events: Events())
    try arithmetic.addP2PHandlers(to: servicer, gate: .insecure())
    for stub in [
      arithmetic.getStub(client, servicer.peerID, gate: .insecure()),
      Arithmetic.getServerStub(client, servicer.peerID, gate: .insecure()),
    ] {
      // One of each kind; a name that is not declared does not compile.
      #expect(try await stub.rpcSquare(TestNumber(2)).number == 4)
      #expect(try await stub.rpcSum(numbers(1, 2)).number == 3)
      #expect(try await stub.rpcCountTo(TestNumber(1)).next()?.number == 1)
      #expect(try await stub.rpcPowers(numbers(2)).next()?.number == 4)
    }
    // The type alone is enough where nothing is served, as with protocols that only others speak.
    let declared = InferenceProtocol.getServerStub(client, servicer.peerID, gate: .insecure())
    await #expect(throws: NegotiationError.self) { try await declared.rpcInfo(Empty()) }
  }

  @Test("P-43 what is no procedure stays as it is: members of a servicer work here, and nobody else reaches them")
  func members() async throws {
    struct Counting: Servicer {
      static let rpcEcho = RPC<TestNumber, TestNumber>.unary("rpc_echo")
      var handlers: [RPCHandler] { [Self.rpcEcho.handler { request, _ in request }] }
      func double(_ number: Int64) -> Int64 { 2 * number }
    }
    let node = try node()
    let counting = Counting()
    try counting.addP2PHandlers(to: node, gate: Gate(stake: TableStakes(), authorizer: Marking()))
    #expect(counting.double(21) == 42)
    #expect(node.protocols == ["Counting.rpc_echo"])
  }

  @Test("P-13 a handler knows its messages and its kind")
  func table() throws {
    let handlers = Arithmetic(events: Events()).handlers
    let kinds = Dictionary(uniqueKeysWithValues: handlers.map { ($0.method, $0.declaration.kind) })
    #expect(kinds["rpc_square"] == .unary && kinds["rpc_count_to"] == .serverStream)
    #expect(kinds["rpc_sum"] == .clientStream && kinds["rpc_powers"] == .bidirectional)
    let square = try #require(handlers.first?.declaration)
    #expect(square.requestType is TestNumber.Type && square.responseType is TestNumber.Type)
    #expect(RPCKind.allCases.map(\.streamsRequests) == [false, false, true, true])
    #expect(RPCKind.allCases.map(\.streamsResponses) == [false, true, false, true])
  }

  @Test("P-15 P-21 calls fail before registration and after removal", arguments: TestTransport.allCases)
  func life(transport: TestTransport) async throws {
    try await transport.withPeers { peers in
      let stub = Arithmetic.getServerStub(peers.client, peers.servicer.peerID, gate: .insecure())
      let servicer = Arithmetic(events: Events())
      await #expect(throws: NegotiationError.self) { try await stub.rpcSquare(TestNumber(2)) }
      try servicer.addP2PHandlers(to: peers.servicer, gate: .insecure())
      #expect(try await stub.rpcSquare(TestNumber(2)).number == 4)
      #expect(
        try await servicer.getStub(peers.client, peers.servicer.peerID, gate: .insecure()).rpcSquare(
          TestNumber(3)
        ).number == 9)
      servicer.removeP2PHandlers(from: peers.servicer)
      await #expect(throws: NegotiationError.self) { try await stub.rpcSquare(TestNumber(2)) }
    }
  }

  @Test("A namespace keeps two of a name apart", arguments: TestTransport.allCases)
  func namespaces(transport: TestTransport) async throws {
    try await transport.withPeers { peers in
      let (first, second) = (Events(), Events())
      try Arithmetic(events: first).addP2PHandlers(to: peers.servicer, gate: .insecure())
      try Arithmetic(events: second).addP2PHandlers(to: peers.servicer, gate: .insecure(), namespace: "other")
      let stub = Arithmetic.getServerStub(
        peers.client, peers.servicer.peerID, gate: .insecure(), namespace: "other")
      #expect(try await stub.rpcSquare(TestNumber(2)).number == 4)
      #expect(first.count("square") == 0 && second.count("square") == 1)
    }
  }

  @Test(
    "P-14 a method that is no rpc_ method is refused by name",
    arguments: ["square", "rpc_", "_rpc_x", "rpc_a.b", "rpc_ä", "rpc_x\n", "rpc_" + String(repeating: "x", count: 300)])
  func wrongNames(method: String) throws {
    let node = try node()
    let error = #expect(throws: ServicerError.self) {
      try Listing("rpc_good", method).addP2PHandlers(to: node, gate: .insecure())
    }
    #expect(error?.kind == .name && error?.message.contains("Listing") == true)
    #expect(node.protocols.isEmpty)
  }

  @Test("A method listed twice, or served already, is refused, and nothing is served")
  func duplicates() throws {
    let node = try node()
    let twice = #expect(throws: ServicerError.self) {
      try Listing("rpc_a", "rpc_b", "rpc_a").addP2PHandlers(to: node, gate: .insecure())
    }
    #expect(twice?.kind == .duplicate && node.protocols.isEmpty)
    try Listing("rpc_b").addP2PHandlers(to: node, gate: .insecure())
    let served = #expect(throws: ServicerError.self) {
      try Listing("rpc_a", "rpc_b").addP2PHandlers(to: node, gate: .insecure())
    }
    #expect(served?.kind == .served && node.protocols == ["Listing.rpc_b"])
  }

  @Test("A namespace that can't stand in a name is refused, on either side")
  func wrongNamespace() async throws {
    let node = try node()
    let servicer = Listing("rpc_a")
    #expect(throws: ServicerError.self) {
      try servicer.addP2PHandlers(to: node, gate: .insecure(), namespace: "a::b")
    }
    let stub = Arithmetic.getServerStub(node, node.peerID, gate: .insecure(), namespace: "")
    await #expect(throws: ServicerError.self) { try await stub.rpcSquare(TestNumber(1)) }
  }
}
