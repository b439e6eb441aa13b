import LibP2P
import NIOCore
import Testing

@testable import Protocols

@Suite("Gated calls", .timeLimit(.minutes(2)))
struct GatedCallTests {
  private static let kinds = TestTransport.allCases.flatMap { transport in
    RPCKind.allCases.map { (transport, $0) }
  }

  /// Calls one procedure of this kind with 4, and returns all numbers that come.
  private func call(_ kind: RPCKind, _ stub: Stub<Arithmetic>) async throws -> [Int64] {
    switch kind {
    case .unary: [try await stub.rpcSquare(TestNumber(4)).number]
    case .clientStream: [try await stub.rpcSum(numbers(4, 4, 4)).number]
    case .serverStream: try await all(try await stub.rpcCountTo(TestNumber(4)))
    case .bidirectional: try await all(try await stub.rpcPowers(numbers(4, 4)))
    }
  }

  private func all(_ responses: MessageStream<TestNumber>) async throws -> [Int64] {
    var numbers: [Int64] = []
    for try await response in responses { numbers.append(response.number) }
    return numbers
  }

  private func ran(_ events: Events) -> Bool {
    ["square", "count", "sum", "powers"].contains { events.count($0) > 0 }
  }

  private func serve(
    _ peers: TestTransport.Peers, _ gate: Gate, _ events: Events = Events(), metrics: CountingMetrics? = nil
  ) throws {
    var configuration = RPCConfiguration.quiet
    if let metrics { configuration.metrics = metrics }
    try Arithmetic(events: events).addP2PHandlers(to: peers.servicer, gate: gate, configuration: configuration)
  }

  private func stub(_ peers: TestTransport.Peers, _ gate: Gate) -> Stub<Arithmetic> {
    Arithmetic.getServerStub(peers.client, peers.servicer.peerID, gate: gate, configuration: .quiet)
  }

  @Test("Every message is signed and judged, in both directions", arguments: kinds)
  func bothDirections(transport: TestTransport, kind: RPCKind) async throws {
    try await transport.withPeers { peers in
      let (there, here) = (Marking(), Marking())
      try serve(peers, .insecure(there))
      let seen = try await call(kind, stub(peers, .insecure(here)))
      #expect(
        seen
          == [.unary: [16], .clientStream: [12], .serverStream: [1, 2, 3, 4], .bidirectional: [16, 64, 16, 64]][kind])
      #expect(here.judgements == seen.count)
      #expect(there.judgements == [.unary: 1, .clientStream: 3, .serverStream: 1, .bidirectional: 2][kind])
    }
  }

  @Test("P-42 a request that is refused is not served, and looks as published nodes make it look", arguments: kinds)
  func refusedRequest(transport: TestTransport, kind: RPCKind) async throws {
    try await transport.withPeers { peers in
      let (events, metrics) = (Events(), CountingMetrics())
      try serve(peers, .insecure(Marking()), events, metrics: metrics)
      let forging = stub(peers, .insecure(Marking(honest: 0)))
      switch kind {
      case .unary:
        let error = await #expect(throws: CallError.self) { try await call(kind, forging) }
        #expect(
          error?.remoteText == "AttributeError(\"'NoneType' object has no attribute 'SerializeToString'\")")
      case .clientStream:
        let error = await #expect(throws: CallError.self) { try await call(kind, forging) }
        #expect(error?.kind == .noAnswer)
      case .serverStream, .bidirectional: #expect(try await call(kind, forging).isEmpty)
      }
      #expect(!ran(events))
      #expect(metrics["protocols_rpc_refusals_total", "auth.signature"] == 1)
    }
  }

  @Test("A later request that is refused ends the stream", arguments: TestTransport.allCases)
  func refusedLaterRequest(transport: TestTransport) async throws {
    try await transport.withPeers { peers in
      let events = Events()
      try serve(peers, .insecure(Marking()), events)
      await #expect(throws: CallError.self) {
        try await call(.clientStream, stub(peers, .insecure(Marking(honest: 2))))
      }
      #expect(events.count("added") == 2)
    }
  }

  @Test("P-41 a response that fails verification is not delivered", arguments: kinds)
  func refusedResponse(transport: TestTransport, kind: RPCKind) async throws {
    try await transport.withPeers { peers in
      try serve(peers, .insecure(Marking(honest: kind.streamsResponses ? 1 : 0)))
      let stub = stub(peers, .insecure(Marking()))
      switch kind {
      case .unary, .clientStream:
        let refusal = await #expect(throws: Refusal.self) { try await call(kind, stub) }
        #expect(refusal?.kind == .signature)
        if kind == .unary { #expect(await stub.rpcSquare.quietly(TestNumber(2)) == nil) }
      case .serverStream, .bidirectional:
        let responses =
          kind == .serverStream
          ? try await stub.rpcCountTo(TestNumber(4)) : try await stub.rpcPowers(numbers(1))
        #expect(try await responses.next()?.number == 1)
        for _ in 0..<2 { await #expect(throws: Refusal.self) { try await responses.next() } }
      }
    }
  }

  @Test("D-6 a key without stake can't call: no registered procedure runs", arguments: TestTransport.allCases)
  func unstakedCaller(transport: TestTransport) async throws {
    try await transport.withPeers { peers in
      let (events, metrics) = (Events(), CountingMetrics())
      let stakes = TableStakes(staked: [peers.servicer.peerID])
      try serve(peers, Gate(stake: stakes, authorizer: Marking()), events, metrics: metrics)
      let handlers = Arithmetic(events: events).handlers
      #expect(peers.servicer.protocols == handlers.map { "Arithmetic.\($0.method)" }.sorted())
      let caller = stub(peers, .insecure(Marking())).caller
      for handler in handlers {
        try await expectRefusal(handler.declaration, caller)
      }
      #expect(!ran(events) && events.count("began") == 0 && events.count("sending") == 0)
      #expect(metrics["protocols_rpc_refusals_total", "auth.not-staked"] == handlers.count)
      // The same calls pass with stake.
      stakes.set(peers.client.peerID, .staked)
      for kind in RPCKind.allCases { #expect(try await !call(kind, stub(peers, .insecure(Marking()))).isEmpty) }
    }
  }

  /// What a caller sees of a refusal: an error, or a stream without a response.
  private func expectRefusal<RPC: RPCDeclaration>(_ rpc: RPC, _ caller: Caller) async throws {
    do {
      #expect(try await attempt(rpc, caller) == 0)
    } catch let error as CallError {
      #expect(error.kind == .remote || error.kind == .noAnswer)
    }
  }

  /// Calls any procedure with one empty request, and counts the responses.
  private func attempt<RPC: RPCDeclaration>(_ rpc: RPC, _ caller: Caller) async throws -> Int {
    var count = 0
    let request = RPC.Request()
    let (requests, send) = AsyncStream.makeStream(of: RPC.Request.self)
    send.yield(request)
    send.finish()
    switch rpc {
    case let rpc as UnaryRPC<RPC.Request, RPC.Response>:
      _ = try await UnaryCall(rpc: rpc, caller: caller)(request)
      count = 1
    case let rpc as ClientStreamRPC<RPC.Request, RPC.Response>:
      _ = try await ClientStreamCall(rpc: rpc, caller: caller)(requests)
      count = 1
    case let rpc as ServerStreamRPC<RPC.Request, RPC.Response>:
      for try await _ in try await ServerStreamCall(rpc: rpc, caller: caller)(request) { count += 1 }
    case let rpc as BidirectionalRPC<RPC.Request, RPC.Response>:
      for try await _ in try await BidirectionalCall(rpc: rpc, caller: caller)(requests) { count += 1 }
    default: Issue.record("an unknown kind of procedure")
    }
    return count
  }

  @Test("D-6 a key without stake can't answer: no procedure of it is called", arguments: TestTransport.allCases)
  func unstakedServicer(transport: TestTransport) async throws {
    try await transport.withPeers { peers in
      let events = Events()
      try serve(peers, .insecure(), events)
      let gate = Gate(stake: TableStakes(staked: [peers.client.peerID]), authorizer: Marking())
      let caller = stub(peers, gate).caller
      for handler in Arithmetic(events: events).handlers {
        let refusal = await #expect(throws: Refusal.self) { try await attempt(handler.declaration, caller) }
        #expect(refusal?.kind == .notStaked)
      }
      #expect(!ran(events) && events.count("began") == 0 && events.count("sending") == 0)
    }
  }

  @Test("Both sides know the key that the connection proved, also where the id does not hold it")
  func provenKeys() async throws {
    let (servicerKey, clientKey) = (try PrivateKey.generate(.rsa), try PrivateKey.generate(.rsa))
    let (servicer, client) = (try await TestHosts.make(servicerKey), try await TestHosts.make(clientKey))
    _ = try await client.connect(to: servicer.peerID, at: servicer.listenAddresses)
    let peers = TestTransport.Peers(servicer: servicer, client: client)
    let (there, here) = (Marking(), Marking())
    try serve(peers, .insecure(there))
    #expect(try await call(.unary, stub(peers, .insecure(here))) == [16])
    #expect(here.seenKey == servicerKey.publicKey && there.seenKey == clientKey.publicKey)
    for host in [client, servicer] { await host.shutdown() }
  }

  @Test("What the chain does not answer is refused on both sides", arguments: TestTransport.allCases)
  func unknownStake(transport: TestTransport) async throws {
    try await transport.withPeers { peers in
      let stakes = TableStakes(staked: [peers.servicer.peerID])
      stakes.set(peers.client.peerID, .unknown("no endpoint answers"))
      stakes.set(peers.servicer.peerID, .unknown("no endpoint answers"))
      let (events, metrics) = (Events(), CountingMetrics())
      try serve(peers, Gate(stake: stakes, authorizer: Marking()), events, metrics: metrics)
      await #expect(throws: CallError.self) { try await call(.unary, stub(peers, .insecure(Marking()))) }
      #expect(metrics["protocols_rpc_refusals_total", "auth.stake-unknown"] == 1)
      let refusal = await #expect(throws: Refusal.self) {
        try await call(.unary, stub(peers, Gate(stake: stakes, authorizer: Marking())))
      }
      #expect(refusal?.kind == .stakeUnknown && !ran(events))
    }
  }

  @Test("Little is read of a caller that is refused", arguments: TestTransport.allCases)
  func refusedLength(transport: TestTransport) async throws {
    try await transport.withPeers { peers in
      try serve(peers, Gate(stake: TableStakes(), authorizer: Marking()))
      let stream = try await peers.open("rpc_square")
      try await stream.write(ByteBuffer(bytes: Varint.encode(100_000)))
      #expect(try await stream.read(upTo: .max) == nil)
    }
  }
}
